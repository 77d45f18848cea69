import CacheProtocol
import Foundation

/// A journal as tests write it.
struct History {
    let id = JournalID(Digest128(high: 1, low: 2))
    private(set) var entries: [JournalEntry] = []

    /// Appends `count` purges.
    init(_ count: Int) {
        for number in 0..<count { append(.hardPurge, .source([Self.source("photo-\(number)")])) }
    }

    mutating func append(_ kind: CommandKind, _ scope: CommandScope) {
        entries.append(
            JournalEntry(
                revision: Revision(rawValue: UInt64(entries.count + 1)),
                command: Command(kind: kind, scope: scope, label: "test"), issuedAt: 0, issuedBy: "test",
                following: entries.last?.chain ?? .root(of: id)))
    }

    func snapshot(through revision: Revision) -> RuleSnapshot {
        var table = RuleTable(journal: id)
        for entry in entries where entry.revision <= revision { try? table.apply(entry) }
        return RuleSnapshot(journal: id, table: table)
    }

    static func source(_ key: String) -> SourceIdentity {
        SourceIdentity(storage: "s", key: key)
    }

    static func object(_ key: String) -> ObjectScope {
        ObjectScope(sources: [source(key)], url: Digest128(high: 0, low: 0))
    }
}

/// How long an origin holds a question open while there is nothing to tell: until the asker gives up.
func heldOpen() async throws {
    // A stream that nobody ever feeds; it ends with the task's cancellation.
    let (stream, feed) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    withExtendedLifetime(feed) {}
    throw CancellationError()
}

enum Folder {
    static func make() throws -> String {
        let path = NSTemporaryDirectory() + "/vignette-agent-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
