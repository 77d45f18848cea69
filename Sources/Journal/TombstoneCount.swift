internal import CacheProtocol

/// How many sources are erased at one time. Tombstones are never dropped, and each node keeps all of them, so their number
/// must have a bound where they are given out. Pure.
struct TombstoneCount: Sendable {
    private var erased: Set<Digest128> = []
    /// Of commands whose append is under way.
    private var reserved = 0

    var count: Int { erased.count + reserved }

    /// - Returns: what to give back to `release` when the append has ended; nil when it would be more than `limit`.
    mutating func reserve(_ commands: [Command], limit: Int) -> Int? {
        let added = Set(commands.flatMap(Self.erases)).subtracting(erased).count
        guard added == 0 || count + added <= limit else { return nil }
        reserved += added
        return added
    }

    mutating func release(_ added: Int) {
        reserved -= added
    }

    mutating func note(_ command: Command) {
        guard case .source(let sources) = command.scope else { return }
        switch command.kind {
        case .erase: erased.formUnion(sources.map(\.digest))
        case .lift: erased.subtract(sources.map(\.digest))
        default: break
        }
    }

    private static func erases(_ command: Command) -> [Digest128] {
        guard command.kind == .erase, case .source(let sources) = command.scope else { return [] }
        return sources.map(\.digest)
    }
}
