import Foundation
import TestPrograms
import Testing

@testable import ErasureReceipt

/// A receipt must be verifiable by those who do not trust us: with what docs/api.md says, and OpenSSL alone.
@Suite("Verifying with OpenSSL", .enabled(if: OpenSSL.path != nil, "openssl is not installed"))
struct OpenSSLTests {
    @Test("openssl takes a genuine receipt and refuses a changed one")
    func verifies() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vignette-receipt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let signer = ReceiptSigner()
        // As a stranger would: from the file's own fields, not from our types.
        let file = try JSONDecoder().decode([String: String].self, from: signer.sign(.sample).file)
        var bytes = try #require(file["receipt"].flatMap { Data(base64Encoded: $0) })
        try bytes.write(to: folder.appending(path: "receipt.json"))
        let signature = try #require(file["signature"].flatMap { Data(base64Encoded: $0) })
        try signature.write(to: folder.appending(path: "signature"))
        try Data(signer.verifier.pem.utf8).write(to: folder.appending(path: "key.pem"))

        #expect(try await verify(in: folder) == 0)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: folder.appending(path: "receipt.json"))
        #expect(try await verify(in: folder) != 0)
    }

    private func verify(in folder: URL) async throws -> Int32 {
        let words = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in receipt.json -sigfile signature"
        return try await Program.run(words.split(separator: " ").map(String.init), folder: folder.path).status
    }
}

enum OpenSSL {
    static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(filePath: "\($0)/openssl") }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
}
