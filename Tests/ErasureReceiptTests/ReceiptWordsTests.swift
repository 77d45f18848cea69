import Testing

@testable import ErasureReceipt

@Suite("A receipt in words")
struct ReceiptWordsTests {
    @Test("removed: who destroyed what, and what nobody will prove")
    func removed() {
        #expect(
            ErasureReceipt.sample.words.joined(separator: "\n") == """
                Erase of 'people/"a" é.jpg', revision 7 of journal 00ff, ordered by api at 2026-11-24T22:31:22.123Z.
                Completed at 2026-11-24T22:31:22.131Z: a request received since is answered with its bytes by no node.
                Removed at 2026-11-24T22:31:23.000Z: every node has destroyed the bytes but for 1 that proved nothing; see below.
                Where the bytes may have come from:
                  storage web, key people/"a" é.jpg
                Nodes:
                  edge-1    removed 3 objects, 12345 bytes, at 2026-11-24T22:31:22.200Z; applied the erase at 2026-11-24T22:31:22.130Z
                  edge-2    UNPROVEN: it was forgotten or declared dead before it reported, so its disk may hold the bytes; its lease had run out at 2026-11-24T22:31:22.131Z
                  origin-1  removed 1 object, 9 bytes, at 2026-11-24T22:31:22.200Z; held no lease, so it answered nothing
                The journal's digest through this revision: abcd
                """)
    }

    @Test("completed: who is still waited for")
    func completed() {
        var receipt = ErasureReceipt.sample
        receipt.status = .completed
        receipt.removedAt = nil
        receipt.nodes[0].removal = .pending

        #expect(receipt.words[2] == "Not yet removed when this receipt was issued, at 2026-11-24T22:31:24.000Z: 1 of 3 nodes had not reported. Fetch it again later.")
        #expect(receipt.words.contains { $0.contains("edge-1    PENDING: it had not reported") })
    }

    @Test("a name with control characters can't write over the words before it")
    func hostileNames() {
        var receipt = ErasureReceipt.sample
        receipt.named = "a.jpg\u{1B}[2K\r\u{202E}all fine\n"
        receipt.nodes[0].name = "\u{8}edge"

        for line in receipt.words {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E }, "\(line)")
        }
    }
}

extension ErasureReceipt {
    static let sample = ErasureReceipt(
        status: .removed, revision: 7, named: "people/\"a\" é.jpg",
        sources: [Source(storage: "web", key: "people/\"a\" é.jpg")], journal: "00ff", chainDigest: "abcd", orderedBy: "api",
        orderedAt: "2026-11-24T22:31:22.123Z", completedAt: "2026-11-24T22:31:22.131Z",
        removedAt: "2026-11-24T22:31:23.000Z", issuedAt: "2026-11-24T22:31:24.000Z",
        nodes: [
            Node(
                name: "edge-1", folder: "0000000000000001", role: "edge",
                silenced: [Silenced(how: "applied", at: "2026-11-24T22:31:22.130Z")],
                removal: .removed(objects: 3, bytes: 12_345, at: "2026-11-24T22:31:22.200Z")),
            Node(
                name: "edge-2", folder: "0000000000000002", role: "edge",
                silenced: [Silenced(how: "lease-run-out", at: "2026-11-24T22:31:22.131Z")], removal: .unproven),
            Node(
                name: "origin-1", folder: "0000000000000003", role: "origin", silenced: [],
                removal: .removed(objects: 1, bytes: 9, at: "2026-11-24T22:31:22.200Z")),
        ])
}
