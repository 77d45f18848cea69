import CacheProtocol
import Journal
import Testing

extension JournalConformance {
    static func erase(_ key: String) -> Command {
        Command(kind: .erase, scope: .source([SourceIdentity(storage: "s", key: key)]), label: key)
    }

    static func report(_ revision: UInt64, objects: UInt64 = 2) -> RemovalReport {
        RemovalReport(revision: Revision(rawValue: revision), objects: objects, bytes: .max >> 1, at: 11)
    }

    func aReportStaysAsItWasFirstTold() async throws {
        let journal = try await open()
        for node in [Self.node, Self.other] { _ = try await journal.endOthers(than: Incarnation(life: 1), of: node) }
        _ = try await journal.append([Self.erase("a"), Self.purge("x"), Self.erase("b")], issuedBy: "", at: 0)
        let stranger: UInt64 = 99
        try await journal.record([Self.report(1), Self.report(3)], of: Self.node.folder)
        try await journal.record([Self.report(3, objects: 0)], of: Self.other.folder)
        // Told again, of what is no erase, of what is not there, by who never joined.
        try await journal.record(
            [Self.report(1, objects: 0), Self.report(2), Self.report(4), Self.report(.max)], of: Self.node.folder)
        try await journal.record([Self.report(1)], of: stranger)
        try await journal.record([], of: Self.node.folder)
        for reader in [journal, try await open()] {
            let all = try await reader.removals(of: .zero...Revision(rawValue: .max))
            #expect(
                Set(all) == [
                    StoredRemoval(folder: Self.node.folder, report: Self.report(1)),
                    StoredRemoval(folder: Self.node.folder, report: Self.report(3)),
                    StoredRemoval(folder: Self.other.folder, report: Self.report(3, objects: 0)),
                ])
            #expect(all.map(\.report.revision.rawValue) == [1, 3, 3])
            #expect(try await reader.removals(of: .zero...Revision(rawValue: 2)).count == 1)
        }
    }

    func anEraseIsMarkedRemovedOnce() async throws {
        let journal = try await open()
        let entries = try await journal.append(
            [Self.erase("a"), Self.purge("x"), Self.erase("b"), Command(kind: .erase, scope: .all, label: "of old")],
            issuedBy: "", at: 0)
        #expect(try await journal.unremoved() == [entries[0], entries[2]])
        try await journal.markRemoved([entries[0].revision], at: 5)
        try await journal.markRemoved([entries[0].revision, entries[1].revision, Revision(rawValue: 77)], at: 6)
        for reader in [journal, try await open()] {
            #expect(try await reader.unremoved() == [entries[2]])
            #expect(try await reader.records(of: .zero...Revision(rawValue: 9)).map(\.removedAt) == [5, nil, nil, nil])
        }
    }
}
