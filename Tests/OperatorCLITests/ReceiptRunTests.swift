import ErasureReceipt
import Foundation
import TestPrograms
import Testing

@testable import OperatorCLI

@Suite("receipt")
struct ReceiptRunTests {
    private let transcript = Transcript()
    private let signer = ReceiptSigner()
    private let folder = FileManager.default.temporaryDirectory.appending(path: "vignette-receipt-\(UUID().uuidString)")

    @Test("a receipt is kept byte for byte as the API sends it, and verified with the key in each form")
    func wholeWay() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try signer.sign(.sample).file
        let base64 = signer.verifier.rawBytes.base64EncodedString()
        let cluster = FakeCluster([
            .json(200, String(decoding: file, as: UTF8.self)), .json(200, #"{"publicKey": "\#(base64)"}"#),
        ])
        let run = ReceiptRun(api: OperatorAPI(cluster: .sample, http: cluster), console: transcript.console)
        let (receipt, key) = (folder.path + "/receipt", folder.path + "/key.pem")
        try await run.get(7, to: receipt)
        try await run.key(to: key)

        #expect(cluster.requests.map(\.url) == [
            "http://127.0.0.1:8100/vignette/v1/commands/7/receipt", "http://127.0.0.1:8100/vignette/v1/receipt-key",
        ])
        #expect(FileManager.default.contents(atPath: receipt) == file)
        #expect(transcript.notices.contains("fingerprint is \(signer.verifier.fingerprint)"))
        for key in [key, base64] {
            let transcript = Transcript()
            try ReceiptCheck(console: transcript.console).run(file: receipt, key: key)
            #expect(transcript.output.hasPrefix("VALID: signed with the key \(signer.verifier.fingerprint.prefix(16))…, and unchanged."))
            #expect(transcript.output.contains("\nErase of 'a.jpg', revision 7 of journal 00ff, ordered by ann at "))
            #expect(transcript.output.contains("\n  edge-1  removed 3 objects, 12345 bytes, at "))
        }
    }

    @Test("the program ends with 0 for a valid receipt and with 1 for a changed one, another key, and no file")
    func exitStatus() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var file = try signer.sign(.sample).file
        try file.write(to: folder.appending(path: "good"))
        file[100] ^= 4
        try file.write(to: folder.appending(path: "bad"))
        let key = signer.verifier.rawBytes.base64EncodedString()
        let other = ReceiptSigner().verifier.rawBytes.base64EncodedString()

        for (name, key, status, words) in [
            ("good", key, Int32(0), "VALID: "), ("bad", key, 1, "vignette: NOT VALID: '"), ("good", other, 1, "vignette: NOT VALID: '"),
            ("none", key, 1, "cannot be read."), ("good", "none.pem", 1, "The key 'none.pem' is of no use"),
        ] {
            let verify = try await Program.run(
                Program.vignette(), ["receipt", "verify", folder.path + "/" + name, "--key", key], environment: [:])
            #expect(verify.status == status, "\(name): \(verify.output)")
            #expect(verify.output.contains(words), "\(name): \(verify.output)")
        }
    }

    @Test("what is no receipt is not written", arguments: ["{}", #"{"revision": 7}"#])
    func noReceipt(answer: String) async throws {
        let run = ReceiptRun(
            api: OperatorAPI(cluster: .sample, http: FakeCluster([.json(200, answer)])), console: transcript.console)
        let error = await #expect(throws: OperatorError.self) { try await run.get(7, to: "/nowhere/receipt") }

        #expect(error?.kind == .answer)
    }
}

extension ErasureReceipt {
    static let sample = ErasureReceipt(
        status: .removed, revision: 7, named: "a.jpg", sources: [Source(storage: "web", key: "a.jpg")], journal: "00ff",
        chainDigest: "abcd", orderedBy: "ann", orderedAt: "2026-11-24T22:31:22.123Z",
        completedAt: "2026-11-24T22:31:22.131Z", removedAt: "2026-11-24T22:31:23.000Z", issuedAt: "2026-11-24T22:31:24.000Z",
        nodes: [
            Node(
                name: "edge-1", folder: "0000000000000001", role: "edge",
                silenced: [Silenced(how: "applied", at: "2026-11-24T22:31:22.130Z")],
                removal: .removed(objects: 3, bytes: 12_345, at: "2026-11-24T22:31:22.200Z"))
        ])
}
