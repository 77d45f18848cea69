import CacheProtocol
import Foundation
import Journal
import NodeAgent

/// Orders configurations, one after the other: what a new one revokes is what the one before it had, so nothing may come
/// between the look at that and the append.
actor ConfigurationOffice {
    private let desk: CommandDesk
    private let agent: NodeAgent
    private let storages: StorageMaker
    private var last: Task<Void, Never>?

    init(desk: CommandDesk, agent: NodeAgent, storages: StorageMaker) {
        self.desk = desk
        self.agent = agent
        self.storages = storages
    }

    /// What an order would do.
    struct Plan: Sendable {
        var document: ConfigurationDocument
        var change: ConfigurationChange
        /// The revision of the one that is in force.
        var current: Revision
        /// It says what is in force already.
        var changesNothing: Bool
    }

    /// Durable when it returns.
    /// - Parameters:
    ///   - replaced: storages whose ids may mean another place from now on.
    ///   - expected: the revision of the configuration that the document was made from, if its author says so.
    /// - Throws: `ConfigurationRefusal`; `ConfigurationConflict`; `JournalError`.
    func order(
        _ document: ConfigurationDocument, replacing replaced: Set<String>, after expected: Revision?, by author: String
    ) async throws -> JournalEntry {
        let before = last
        let order = Task {
            await before?.value
            let plan = try await self.plan(document, replacing: replaced)
            if let expected, expected != plan.current { throw ConfigurationConflict(expected: expected, current: plan.current) }
            return try await desk.submit(
                Command(kind: .configure, scope: .configuration(plan.change), label: "configuration"), by: author)
        }
        last = Task { _ = try? await order.value }
        return try await order.value
    }

    /// - Throws: `ConfigurationRefusal`.
    func plan(_ document: ConfigurationDocument, replacing replaced: Set<String>) async throws -> Plan {
        guard await agent.waitUntilApplied(await desk.head, patience: .seconds(5)) else {
            throw ConfigurationRefusal(["This origin has not applied every command before this one yet. Try again."])
        }
        let applied = agent.rules.read { $0.configuration }
        let old = try applied.map { try ConfigurationDocument(json: Data($0.document.utf8)) }
        let document = document.remembering(old)
        try ConfigurationCheck(document: document, old: old, replaced: replaced, storages: storages).run()
        let change = try ConfigurationChange(from: old, to: document)
        return Plan(
            document: document, change: change, current: applied?.revision ?? .zero,
            changesNothing: change.document == applied?.document)
    }
}

/// Somebody has replaced the configuration since this one's author read it.
struct ConfigurationConflict: Error, CustomStringConvertible {
    var expected: Revision
    var current: Revision

    var description: String {
        "The configuration in force is of revision \(current), not \(expected): somebody has replaced it meanwhile. Read it again, "
            + "and make your change there."
    }
}
