internal import ErasureReceipt
import Foundation

/// Fetches receipts and their key.
struct ReceiptRun {
    let api: OperatorAPI
    let console: Console

    func get(_ revision: UInt64, to path: String?) async throws {
        let file = Data(try await api.receipt(of: revision))
        do {
            _ = try SignedReceipt(file: file)
        } catch {
            throw OperatorError(.answer, "The API at \(api.baseURL) answers with what is no receipt: \(error).")
        }
        try write(file, to: path)
        if let path {
            console.notice("The receipt of revision \(revision) is in '\(path)'. `vignette receipt verify` tells what it proves.")
        }
    }

    func key(to path: String?) async throws {
        let verifier: ReceiptVerifier
        do {
            verifier = try ReceiptVerifier(text: try await api.receiptKey().publicKey)
        } catch let error as ReceiptError {
            throw OperatorError(.answer, "The API at \(api.baseURL) answers with what is no key: \(error).")
        }
        try write(Data(verifier.pem.utf8), to: path)
        console.notice("The key's fingerprint is \(verifier.fingerprint).")
    }

    private func write(_ data: Data, to path: String?) throws(OperatorError) {
        guard let path else {
            // Both end with a line break, which the console adds.
            console.output(String(decoding: data.dropLast(), as: UTF8.self))
            return
        }
        do {
            try data.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw OperatorError(.file, "'\(path)' can't be written: \(error.localizedDescription)")
        }
    }
}

/// Verifies a receipt from a file, with no network.
struct ReceiptCheck {
    let console: Console

    /// - Parameter key: a file's path, or the key itself.
    func run(file: String, key: String) throws(OperatorError) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw OperatorError(.file, "'\(file)' cannot be read.")
        }
        let verifier: ReceiptVerifier
        do {
            let text = FileManager.default.contents(atPath: key).map { String(decoding: $0, as: UTF8.self) } ?? key
            verifier = try ReceiptVerifier(text: text)
        } catch {
            throw OperatorError(.file, "The key '\(key)' is of no use: \(error).")
        }
        do {
            let receipt = try verifier.open(SignedReceipt(file: data))
            console.output("VALID: signed with the key \(verifier.fingerprint.prefix(16))…, and unchanged. It states:")
            for line in receipt.words { console.output(line) }
            console.output(
                "It says nothing of browsers' caches, of backups of a node's disk, or of what storage itself still holds.")
        } catch {
            throw OperatorError(.receipt, "NOT VALID: '\(file)' proves nothing: \(error).")
        }
    }
}
