internal import Foundation

/// A certificate of this machine's own and its key: both servers show the same.
struct TLSFiles {
    let certificate: String
    let key: String

    /// - Parameter folder: must exist.
    init(folder: String, stop: RunStop) throws {
        (certificate, key) = (folder + "/certificate.pem", folder + "/key.pem")
        let words = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-keyout", key, "-out", certificate,
        ]
        let end = try ChildProcess.run(words, folder: folder, stop: stop)
        guard end.status == 0 else {
            throw LoadTestError(.tool, "openssl made no certificate: \(end.output). loadtest/hits gets what is missing")
        }
    }
}
