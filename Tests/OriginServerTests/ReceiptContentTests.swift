import CacheProtocol
import ErasureReceipt
import Testing

@testable import Journal
@testable import OriginServer

@Suite("What a receipt says of the journal")
struct ReceiptContentTests {
    private let journal = JournalID(Digest128(high: 1, low: 2))
    private let edge1 = NodeIdentity(name: "edge-1", folder: 0x1A, role: .edge)
    private let edge2 = NodeIdentity(name: "edge-2", folder: 0x2A, role: .edge)
    private let origin = NodeIdentity(name: "origin-1", folder: 0x3A, role: .origin)

    @Test("every node that could answer and every node that had to destroy something, once")
    func nodes() throws {
        let lost = NodeIdentity(name: "(leases given after the backup)", folder: 0, role: .edge)
        let receipt = try #require(make(
            outcomes: [(edge1, .ended, 10), (edge1, .applied, 20), (origin, .applied, 15), (lost, .leaseRunOut, 30)],
            removals: [
                (edge1, .removed(RemovalReport(revision: revision, objects: 3, bytes: 5, at: 40))),
                (edge2, .unproven(.forgotten)), (origin, .pending),
            ], removedAt: nil))

        #expect(receipt.status == .completed)
        #expect(receipt.named == "a b.jpg")
        #expect(receipt.sources == [.init(storage: "web", key: "a b.jpg"), .init(storage: "s3", key: "p/a b.jpg")])
        #expect(receipt.journal == "00000000000000010000000000000002")
        #expect(receipt.chainDigest == entry.chain.description)
        #expect(receipt.completedAt == "1970-01-01T00:00:00.050Z")
        #expect(receipt.removedAt == nil)
        #expect(receipt.nodes == [
            .init(name: "(leases given after the backup)", folder: "0000000000000000", role: "edge",
                silenced: [.init(how: "lease-run-out", at: "1970-01-01T00:00:00.030Z")], removal: .unproven),
            .init(name: "edge-1", folder: "000000000000001a", role: "edge",
                silenced: [.init(how: "ended", at: "1970-01-01T00:00:00.010Z"), .init(how: "applied", at: "1970-01-01T00:00:00.020Z")],
                removal: .removed(objects: 3, bytes: 5, at: "1970-01-01T00:00:00.040Z")),
            .init(name: "edge-2", folder: "000000000000002a", role: "edge", silenced: [], removal: .unproven),
            .init(name: "origin-1", folder: "000000000000003a", role: "origin",
                silenced: [.init(how: "applied", at: "1970-01-01T00:00:00.015Z")], removal: .pending),
        ])
    }

    @Test("Removed, with its time")
    func removed() throws {
        let receipt = try #require(make(outcomes: [], removals: [(edge2, .unproven(.declaredDead))], removedAt: 60))

        #expect(receipt.status == .removed)
        #expect(receipt.removedAt == "1970-01-01T00:00:00.060Z")
    }

    @Test("there is none before Completed, nor of what is no erase")
    func none() {
        #expect(make(outcomes: [], removals: [], completedAt: nil, removedAt: nil) == nil)
        #expect(make(outcomes: [], removals: [], kind: .hardPurge, removedAt: 60) == nil)
    }

    private let revision = Revision(rawValue: 7)
    private var entry: JournalEntry { entry(.erase) }

    private func entry(_ kind: CommandKind) -> JournalEntry {
        let sources = [SourceIdentity(storage: "web", key: "a b.jpg"), SourceIdentity(storage: "s3", key: "p/a b.jpg")]
        return JournalEntry(
            revision: revision, command: Command(kind: kind, scope: .source(sources), label: "a b.jpg"), issuedAt: 1,
            issuedBy: "ann", following: .root(of: journal))
    }

    private func make(
        outcomes: [(NodeIdentity, NodeOutcome.Reason, Int64)], removals: [(NodeIdentity, RemovalStatus.State)],
        kind: CommandKind = .erase, completedAt: Int64? = 50, removedAt: Int64?
    ) -> ErasureReceipt? {
        let record = JournalRecord(entry: entry(kind), isFolded: false, removedAt: removedAt)
        let status =
            completedAt.map { at in
                CommandStatus(
                    record,
                    Completion(
                        revision: revision, completedAt: at,
                        outcomes: outcomes.map { NodeOutcome(node: $0.0, incarnation: .random(), reason: $0.1, at: $0.2) }))
            } ?? CommandStatus(record, nil, at: .now())
        var removal = RemovalStatus(record, completedAt: completedAt, members: [], removals: [])
        removal.nodes = removals.map { RemovalStatus.Node(identity: $0.0, state: $0.1) }
        return ErasureReceipt(status, removal, journal: journal, at: 70)
    }
}
