import EdgeHTTP
import Foundation
import TestPrograms
import Testing

/// A certificate of this machine's own, and its key, in files that go with this.
final class Certificates: Sendable {
    let folder: String

    init(_ names: String...) async throws {
        folder = NSTemporaryDirectory() + "/vignette-tls-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in names { try await make(name) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// By a new key, as what is issued for this subject.
    func make(_ name: String) async throws {
        let words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name)"
            + " -addext subjectAltName=DNS:localhost -keyout \(key(name)) -out \(certificate(name))"
        let (status, output) = try await Program.run(words.split(separator: " ").map(String.init))
        try #require(status == 0, "\(output)")
    }

    func certificate(_ name: String) -> String { "\(folder)/\(name).pem" }
    func key(_ name: String) -> String { "\(folder)/\(name).key" }

    func configuration(_ name: String, key: String? = nil, _ base: EdgeHTTPConfiguration = .patient) -> EdgeHTTPConfiguration {
        var configuration = base
        configuration.tls = EdgeTLSConfiguration(port: 0, certificate: certificate(name), key: self.key(key ?? name))
        return configuration
    }

    /// As people renew one: by the new file's name taking the place of the old one's.
    func replace(_ old: String, by new: String) throws {
        for path in [certificate, key] {
            try FileManager.default.copyItem(atPath: path(new), toPath: path(new) + ".copy")
            guard rename(path(new) + ".copy", path(old)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        }
    }
}
