public import CacheProtocol

extension CommandDesk {
    /// Durable when it returns; `waitUntilCompleted` tells when it is completed.
    /// - Parameter by: who ordered it, for people.
    /// - Throws: `JournalError` (too long, malformed, too many erased, unknown node, stopped), or the database's error: the
    ///   command may stand all the same then, and giving it again does no harm.
    public func submit(_ command: Command, by: String) async throws -> JournalEntry {
        guard let entry = try await submit([command], by: by).first else { throw JournalError.stopped }
        return entry
    }

    /// Many commands, one after another in the journal unless others come between. None is taken when one of them is
    /// refused; `commandsAtOnce` of them share a transaction, so that of many some may stand when the database fails.
    public func submit(_ commands: [Command], by: String) async throws -> [JournalEntry] {
        guard !isStopped else { throw JournalError.stopped }
        for command in commands { try check(command, by: by) }
        guard let reserved = tombstones.reserve(commands, limit: configuration.maxTombstones) else {
            throw JournalError.tooManyErased(tombstones.count, limit: configuration.maxTombstones)
        }
        defer { tombstones.release(reserved) }
        var entries: [JournalEntry] = []
        for start in stride(from: 0, to: commands.count, by: configuration.commandsAtOnce) {
            let end = min(start + configuration.commandsAtOnce, commands.count)
            entries += try await append(Array(commands[start..<end]), by: by)
        }
        return entries
    }

    private func append(_ commands: [Command], by: String) async throws -> [JournalEntry] {
        do {
            let entries = try await journal.append(commands, issuedBy: by, at: clock.now().wall)
            learn(entries)
            if mayHaveMissed { try? await catchUp() }
            await endDeclaredDead()
            return entries
        } catch {
            // They may stand all the same, and nobody but the journal knows.
            mayHaveMissed = true
            try? await catchUp()
            throw error
        }
    }

    private func check(_ command: Command, by: String) throws {
        let length = command.sizeBound + by.utf8.count
        let limit = command.kind == .configure ? configuration.maxConfiguration : configuration.maxCommand
        guard length <= limit else { throw JournalError.tooLong(length, limit: limit) }
        switch (command.kind, command.scope) {
        case (.erase, .source(let sources)) where !sources.isEmpty: break
        case (.erase, _):
            throw JournalError.malformed("an erase names sources: to get rid of a prefix, a tag or a site, purge it")
        case (.configure, .configuration): break
        case (.configure, _), (_, .configuration):
            throw JournalError.malformed("a configuration is what a configure command has, and no other")
        case (.forget, .node(let folder)), (.declareDead, .node(let folder)):
            guard members[folder] != nil else { throw JournalError.unknownNode(Self.word(for: folder)) }
        case (.forget, _), (.declareDead, _), (_, .node):
            throw JournalError.malformed("a node is what forget and declare-dead name, and no other command")
        default: break
        }
    }

    // MARK: Membership

    /// The operator expects nothing of a node any more (DESIGN §4, rule 14). Its leases are waited for; after that no erase
    /// waits for its word, and it stands in receipts as unproven. Should it run or come back, it empties its caches and is a
    /// member again.
    /// - Parameter node: its name, or its data folder as sixteen hexadecimal digits where several have the name.
    /// - Throws: as `submit`, and `JournalError` when no node, or more than one, is called that.
    public func forget(_ node: String, by: String) async throws -> JournalEntry {
        try await submit(Command(kind: .forget, scope: .node(try folder(of: node)), label: node), by: by)
    }

    /// The operator's word that the process is gone for good: nothing is waited for on its behalf from now on. If it is not
    /// gone, it can answer with what was forbidden until its lease has run out.
    public func declareDead(_ node: String, by: String) async throws -> JournalEntry {
        try await submit(Command(kind: .declareDead, scope: .node(try folder(of: node)), label: node), by: by)
    }

    private func folder(of node: String) throws -> UInt64 {
        let named = members.values.filter { $0.node.name == node }.map(\.node.folder)
        if named.count == 1 { return named[0] }
        if named.count > 1 { throw JournalError.ambiguousNode(node, folders: named.sorted().map(Self.word(for:))) }
        guard let folder = UInt64(node, radix: 16), members[folder] != nil else { throw JournalError.unknownNode(node) }
        return folder
    }

    /// A data folder as people are told it: sixteen hexadecimal digits.
    public static func word(for folder: UInt64) -> String {
        let digits = String(folder, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension Command {
    /// Not less than the bytes that it takes in a message, found without writing it.
    var sizeBound: Int {
        // Lengths and counts take at most ten bytes each, and usually one.
        let text = { (text: String) in text.utf8.count + 10 }
        let identities = { (sources: [SourceIdentity]) in sources.reduce(0) { $0 + text($1.storage) + text($1.key) } }
        let named =
            switch scope {
            case .url(let digests): 16 * digests.count
            case .source(let sources), .prefix(let sources): identities(sources)
            case .tag(let word), .site(let word): text(word)
            case .all: 0
            case .configuration(let change):
                text(change.document) + (change.revokedStorages + change.revokedSites).reduce(0) { $0 + text($1) }
            case .node: 8
            }
        return 40 + named + text(label) + sites.reduce(0) { $0 + text($1) }
    }
}

extension JournalEntry {
    /// Not less than the bytes that it takes in a message.
    var sizeBound: Int { command.sizeBound + issuedBy.utf8.count + 70 }
}
