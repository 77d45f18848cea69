import CacheProtocol
import Foundation
import ImageURL
import Journal
import Synchronization

/// Where commands come in: names are read by the configurations that nodes may answer by, and the journal takes them.
final class CommandIntake: Sendable {
    private let desk: CommandDesk
    /// Reading a configuration costs more than all the rest of a command.
    private let lastRead = Mutex<(revisions: [Revision], resolver: CommandResolver)?>(nil)

    init(desk: CommandDesk) {
        self.desk = desk
    }

    /// Durable when it returns, all of them in the order given, or none.
    /// - Throws: `CommandRefusal`; `JournalError`.
    func take(
        _ orders: [(kind: CommandKind, subject: CommandSubject)], by author: String
    ) async throws -> [JournalEntry] {
        while true {
            let (newest, resolver) = try await resolver()
            var commands: [Command] = []
            for (index, order) in orders.enumerated() {
                let command = { () throws(CommandRefusal) in try resolver.command(order.kind, order.subject) }
                commands.append(orders.count == 1 ? try command() : try CommandRequest.located(index, command))
            }
            let entries: [JournalEntry]
            do {
                entries = try await desk.submit(commands, by: author)
            } catch let error as JournalError where error.isRefusal {
                throw CommandRefusal("\(error)")
            }
            // A configuration that came between may reach what is named through more endpoints, by longer leases, or mean
            // another place by it. Then the same is ordered once more; twice does no harm.
            if await desk.configurationRevisions.last == newest { return entries }
        }
    }

    /// Every place that a source's path may mean.
    func sources(of path: String) async throws -> [SourceIdentity] {
        try await resolver().resolver.namedSources(path)
    }

    private func resolver() async throws -> (newest: Revision?, resolver: CommandResolver) {
        let revisions = await desk.configurationRevisions
        if let known = lastRead.withLock({ $0 }), known.revisions == revisions { return (revisions.last, known.resolver) }
        let configurations = try await desk.configurations()
        guard let newest = configurations.last else {
            throw CommandRefusal("The cluster has no configuration yet. Try again.")
        }
        let resolver = CommandResolver(
            configurations: try configurations.reversed().map {
                // No signature is looked at, so no key is needed.
                ServedConfiguration(try ConfigurationDocument(json: Data($0.document.utf8)).ofURLs, keys: [:])
            })
        lastRead.withLock { $0 = (configurations.map(\.revision), resolver) }
        return (newest.revision, resolver)
    }
}

extension JournalError {
    /// What was ordered can't be taken as it is; nothing has changed.
    var isRefusal: Bool {
        ["tooLong", "tooManyErased", "malformed", "ambiguousNode"].contains(label)
    }

    var isUnknownNode: Bool { label == "unknownNode" }
}
