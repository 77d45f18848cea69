import CacheProtocol
import Journal

/// Where the commands are taken and it is decided what is completed, for one life of the origin. Mirrors CommandDesk and its
/// extensions around the product's own CommandTracker: every await there is a step of its own here.
final class SimulatedDesk {
    typealias Reply = (FollowAnswer?) -> Void

    // Owns this.
    unowned(unsafe) let process: NodeProcess
    var simulation: Simulation { process.simulation }
    var world: World { process.world }
    var bug: PlantedBug? { process.simulation.bug }
    var database: JournalDatabase {
        get { process.simulation.database }
        _modify { yield &process.simulation.database }
    }

    var tracker = CommandTracker()
    var removals = RemovalTracker()
    var terms: LeaseTerms
    var newestConfiguration = Revision.zero
    var knownHead = Revision.zero
    /// When the leases that a backup does not know of have run out.
    var unknownUntil = BootInstant(nanoseconds: 0)
    var early: [Revision: JournalEntry] = [:]
    var members: [UInt64: StoredMember] = [:]
    var declaredDead: Set<UInt64> = []
    var forgetting: [Revision: UInt64] = [:]
    var ended: Set<Incarnation> = []
    var held: [(request: FollowRequest, reply: Reply)] = []
    var unrecorded: [Revision] = []
    var unmarked: [Revision] = []
    var isRecording = false
    var alarm: BootInstant?
    var seenGrants: [UInt64: BootInstant] = [:]

    var now: DeskInstant { DeskInstant(boot: process.host.boot, wall: process.host.wall) }

    /// - Parameter mayMissGrants: the journal is a copy of before.
    init(_ process: NodeProcess, mayMissGrants: Bool) {
        self.process = process
        terms = LeaseTerms(unconfigured: process.simulation.settings.leases.max() ?? 0)
        knownHead = database.head
        members = database.members
        let pending = database.entries.filter { !database.completed.contains($0.revision) }
        if let completed = database.entries.last(where: { $0.command.kind == .configure && database.completed.contains($0.revision) }) {
            adopt(completed)
            terms.completed(completed.revision)
        }
        let now = now
        if bug != .grantsForgottenAtRestart {
            for stored in database.grants {
                tracker.expect(stored.grant, for: stored.node, stored.incarnation, at: now.boot)
                seenGrants[stored.serial] = stored.grant.hasRunOut(after: now.boot, lease: .max)
                if stored.node.folder == 0 { unknownUntil = stored.grant.hasRunOut(after: now.boot, lease: .max) }
            }
        }
        for entry in pending { adopt(entry) }
        if mayMissGrants {
            // As long as any lease may have been that the copy does not know of.
            let longest = bug == .restoreWaitsByItsOwnLeases ? terms.longest : simulation.settings.longestLease
            let unknown = Grant(head: .zero, duration: longest)
            unknownUntil = unknown.hasRunOut(after: now.boot, lease: .max)
            let holders = NodeIdentity(name: "(leases given after the backup)", folder: 0, role: .edge)
            tracker.expect(unknown, for: holders, Incarnation(rawValue: 1), at: now.boot)
            // A row like any other: the origin may be restarted before they have run out.
            if bug != .unknownLeasesForgottenAtRestart {
                database.lastSerial += 1
                database.grants.append(
                    JournalDatabase.StoredGrant(
                        serial: database.lastSerial, node: holders, incarnation: Incarnation(rawValue: 1), grant: unknown))
                seenGrants[database.lastSerial] = unknown.hasRunOut(after: now.boot, lease: .max)
            }
        }
        for member in members.values where member.isExpelled { tracker.forget(member.node.folder) }
        for entry in pending { tracker.committed(entry.revision, lease: lease(of: entry), at: now) }
        for member in members.values { removals.update(counted(member)) }
        for entry in database.entries where !database.removed.contains(entry.revision) && Erasure(entry) != nil {
            removals.erased(
                entry.revision, size: 100, isCompleted: database.completed.contains(entry.revision),
                reported: Set(database.removals.filter { $0.value.contains(entry.revision) }.keys))
        }
        // Whoever asks now is told.
        for entry in database.entries where database.completed.contains(entry.revision) { simulation.completed(entry.revision) }
        for revision in simulation.erasesToRemove where database.removed.contains(revision) { simulation.removed(revision) }
        settle()
    }
}
