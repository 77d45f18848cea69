import CacheProtocol
import Journal
import SQLStore

/// A desk over a journal in a folder of the test's own, with a clock that the test moves.
struct DeskFixture {
    let folder: TemporaryFolder
    let journal: GatedJournal
    let clock = ManualClock()
    let desk: CommandDesk
    let configuration: CommandDeskConfiguration

    static let lease: UInt64 = 10_000
    /// What the desk waits for a node that does not answer, where no configuration says otherwise.
    static let longest = lease + Grant.margin(on: lease)
    static let purge = Command(kind: .hardPurge, scope: .all, label: "everything")

    init(_ change: (inout CommandDeskConfiguration) -> Void = { _ in }) async throws {
        folder = try TemporaryFolder()
        journal = GatedJournal(try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite"))))
        var configuration = CommandDeskConfiguration(lease: Self.lease, retry: 500)
        change(&configuration)
        self.configuration = configuration
        desk = try await Self.desk(journal, configuration, clock)
    }

    /// Another desk of the same journal, as after a restart of the origin.
    func restarted() async throws -> CommandDesk {
        try await Self.desk(
            SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite"))), configuration, clock)
    }

    private static func desk(
        _ journal: any Journal, _ configuration: CommandDeskConfiguration, _ clock: ManualClock
    ) async throws -> CommandDesk {
        try await CommandDesk(journal: journal, configuration: configuration, leases: leases, clock: clock)
    }

    /// `x=2000,y=5000`: the lease of each endpoint in milliseconds.
    private static let leases: @Sendable (String) -> EndpointLeases = { document in
        var leases = EndpointLeases(bySite: [:], longest: 0)
        for field in document.split(separator: ",") {
            let parts = field.split(separator: "=")
            guard parts.count == 2, let lease = UInt64(parts[1]) else { continue }
            leases.bySite[String(parts[0])] = lease
            leases.longest = max(leases.longest, lease)
        }
        return leases
    }

    static func configure(_ document: String) -> Command {
        Command(kind: .configure, scope: .configuration(ConfigurationChange(document: document)), label: "")
    }

    static func purge(_ sites: String...) -> Command {
        Command(kind: .hardPurge, scope: .all, sites: sites, label: "")
    }

    /// Submits, and returns when it is completed. `nodes` follow.
    func complete(_ command: Command, _ nodes: inout [Follower]) async throws -> Revision {
        let revision = try await desk.submit(command, by: "").revision
        for index in nodes.indices { try await nodes[index].keepUp(with: revision) }
        _ = try await desk.waitUntilCompleted(revision, timeout: 60_000)
        return revision
    }
}
