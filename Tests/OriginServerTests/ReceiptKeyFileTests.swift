import ErasureReceipt
import Foundation
import Testing

@testable import OriginServer

@Suite("The key that signs receipts")
struct ReceiptKeyFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "vignette-key-\(UUID().uuidString)").path

    @Test("it is made once, for its owner's eyes alone, and stays the same")
    func once() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // What an interrupted start left behind, for all to read.
        try Data("x".utf8).write(to: URL(filePath: folder + "/receipt.key.new"))
        let first = try ReceiptKeyFile.open(inDataFolder: folder)
        let second = try ReceiptKeyFile.open(inDataFolder: folder)

        #expect(first.verifier.fingerprint == second.verifier.fingerprint)
        #expect(first.verifier.fingerprint != ReceiptSigner().verifier.fingerprint)
        let mode = try FileManager.default.attributesOfItem(atPath: folder + "/receipt.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["receipt.key"])
    }

    @Test("a damaged one is not replaced: earlier receipts would be disowned")
    func damaged() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("AAAA\n".utf8).write(to: URL(filePath: folder + "/receipt.key"))
        let error = #expect(throws: (any Error).self) { try ReceiptKeyFile.open(inDataFolder: folder) }

        #expect("\(error!)".contains("is damaged"))
        #expect(FileManager.default.contents(atPath: folder + "/receipt.key") == Data("AAAA\n".utf8))
    }
}
