public import CacheProtocol

/// Where one origin's commands are taken, followers are served, and it is decided what is completed (DESIGN §4).
///
/// A command's way: append (synced) → followers are woken → each applies, and acknowledges with its next request → when
/// nobody can answer without the command, the completion is recorded → whoever waits is told. An erase goes on: each member
/// reports that the bytes are gone → when all have, that is marked → whoever waits for Removed is told.
///
/// It is the only desk of its journal: the grants of another one would not be in its ledger.
///
/// Invariants
/// 1. Nobody is told Completed before that is recorded. The record outlives the end of the process at once; it is not
///    synced on the way (a disk's sync costs more than all the rest), but within a second. A power cut in that second
///    can show Pending again until the nodes have acknowledged anew; no forbidden byte is served, because what they
///    applied is synced on their side. The same holds for the mark that an erase is Removed.
/// 2. Acknowledgements are kept in memory alone. After a restart the nodes acknowledge again, and whoever does not is
///    waited for as long as its grants, counted anew, may last.
/// 3. After every `await` membership is looked at again: an incarnation may have been superseded meanwhile.
/// 4. Entries are taken into account in the order of their revisions, so that every command is waited for by all
///    configurations of before it.
public actor CommandDesk {
    let journal: any Journal
    let configuration: CommandDeskConfiguration
    let clock: any DeskClock
    private let readLeases: @Sendable (_ document: String) -> EndpointLeases
    var tracker = CommandTracker()
    var removals = RemovalTracker()
    var terms: LeaseTerms
    /// Until then leases may be in force that the journal does not know of.
    private var unknownUntil: BootInstant?
    var tombstones = TombstoneCount()
    var questions: QuestionBoard
    var tail: JournalTail
    var snapshot: RuleSnapshot?
    /// The last incarnation of each data folder.
    var members: [UInt64: StoredMember]
    /// Since this desk began.
    var ended: Set<Incarnation> = []
    /// Folders that were declared dead, whose incarnation is still to be ended here.
    var declaredDead: Set<UInt64> = []
    /// Commands that forget a folder and are not completed.
    var forgetting: [Revision: UInt64] = [:]
    var waiting = Rendezvous<Wait>()
    /// Settled, but not yet recorded.
    var unrecorded: [Revision: CommandProgress] = [:]
    /// Removed, but not yet marked so.
    var unmarked: Set<Revision> = []
    private var isRecording = false
    /// An append has failed, and has not been looked for since.
    var mayHaveMissed = false
    var isStopped = false
    private var alarm: (at: BootInstant, task: Task<Void, Never>)?
    private var retryAt: BootInstant?
    /// When the grants in the journal have run out, counted from when they were first seen.
    var seenGrants: [StoredGrant.Serial: BootInstant] = [:]
    var nextGrantSweep: BootInstant
    var folding: Task<Void, any Error>?
    var foldAgainAt = BootInstant(nanoseconds: 0)

    /// Picks up what is pending: every grant in the journal is counted from now.
    /// - Parameters:
    ///   - leases: reads the leases out of the document of a configuration. Without it every document means
    ///     `configuration.lease`.
    ///   - unknownLeases: the journal was restored from a backup, so nodes may hold leases that it does not know of, which
    ///     last so long: milliseconds. No command is completed then before they have run out, whatever endpoint it is about.
    public init(
        journal: any Journal, configuration: CommandDeskConfiguration = CommandDeskConfiguration(),
        leases: (@Sendable (_ document: String) -> EndpointLeases)? = nil, unknownLeases: UInt64? = nil,
        clock: any DeskClock = SystemDeskClock()
    ) async throws {
        self.journal = journal
        self.configuration = configuration
        self.clock = clock
        readLeases = leases ?? { _ in EndpointLeases(bySite: [:], longest: configuration.lease) }
        terms = LeaseTerms(unconfigured: configuration.lease)
        questions = QuestionBoard(patience: configuration.askAgain)
        // The head first: what is appended from here on is either in `pending` or comes through `submit`.
        let head = try await journal.head()
        tail = JournalTail(at: head, capacity: configuration.tail)
        members = Dictionary(uniqueKeysWithValues: try await journal.members().map { ($0.node.folder, $0) })
        snapshot = try await journal.snapshot()
        let grants = try await journal.grants()
        let pending = try await journal.pending()
        let completed = try await journal.completedConfiguration()
        nextGrantSweep = clock.now().boot
        try await countTombstones()
        if let completed { adopt(completed, isCompleted: true) }
        let now = clock.now()
        for stored in grants {
            tracker.expect(stored.grant, for: stored.node, stored.incarnation, at: now.boot)
            seenGrants[stored.serial] = Self.runOut(of: stored.grant, from: now.boot)
        }
        for entry in pending { adopt(entry, isCompleted: false) }
        nextGrantSweep = now.boot.advanced(byMilliseconds: terms.longest)
        if let unknownLeases {
            let grant = Grant(head: .zero, duration: max(unknownLeases, terms.longest))
            tracker.expect(grant, for: Self.unknownHolders, .random(), at: now.boot)
            unknownUntil = Self.runOut(of: grant, from: now.boot)
        }
        for member in members.values where member.isExpelled { tracker.forget(member.node.folder) }
        for entry in pending { tracker.committed(entry.revision, lease: lease(of: entry.command), at: now) }
        try await pickUpErases(pending: Set(pending.map(\.revision)))
        settle()
    }

    public nonisolated var journalID: JournalID { journal.id }

    public var head: Revision { tail.head.revision }

    /// Commands that are not completed.
    public var pendingCount: Int { tracker.openCount + unrecorded.count }

    /// Answers everybody who waits, and takes nothing any more. What is pending is picked up by the next desk.
    public func stop() {
        isStopped = true
        alarm?.task.cancel()
        alarm = nil
        folding?.cancel()
        waiting.resumeAll()
    }

    // MARK: What the journal says

    /// Entries stand in the journal.
    func learn(_ entries: [JournalEntry]) {
        let shown = entries.flatMap { tail.add($0) }
        guard !shown.isEmpty else { return }
        let now = clock.now()
        for entry in shown {
            tombstones.note(entry.command)
            adopt(entry, isCompleted: false)
            if let expulsion = StoredMember.Expulsion(entry), case .node(let folder) = entry.command.scope {
                expel(folder, expulsion)
            }
            if let erasure = Erasure(entry) {
                removals.erased(entry.revision, size: erasure.wireBytes.count, isCompleted: false)
            }
            tracker.committed(entry.revision, lease: lease(of: entry.command), at: now)
        }
        waiting.resume { wait, _ in if case .news = wait { true } else { false } }
        settle()
    }

    private func adopt(_ entry: JournalEntry, isCompleted: Bool) {
        switch entry.command.scope {
        case .configuration(let change):
            terms.committed(entry.revision, readLeases(change.document))
            if isCompleted { terms.completed(entry.revision) }
        case .node(let folder) where entry.command.kind == .forget: forgetting[entry.revision] = folder
        default: break
        }
    }

    /// Reads what stands in the journal beyond what is known here.
    func catchUp() async throws {
        mayHaveMissed = false
        do {
            while case let entries = try await journal.entries(after: tail.head.revision, limit: configuration.batch),
                !entries.isEmpty
            {
                learn(entries)
            }
        } catch {
            mayHaveMissed = true
            throw error
        }
        await endDeclaredDead()
    }

    // MARK: What follows from a change

    /// Records what is settled, and sees to it that the next moment that matters is not missed.
    func settle() {
        for progress in tracker.takeSettled() { unrecorded[progress.revision] = progress }
        unmarked.formUnion(removals.takeRemoved())
        if !unrecorded.isEmpty || !unmarked.isEmpty, !isRecording, retryAt == nil {
            isRecording = true
            Task { await record() }
        }
        setAlarm()
    }

    private func record() async {
        while !unrecorded.isEmpty || !unmarked.isEmpty {
            let batch = Array(unrecorded.values.prefix(configuration.commandsAtOnce))
            let removed = Array(unmarked)
            let wall = clock.now().wall
            do {
                if !batch.isEmpty { try await journal.complete(batch.map { $0.completion(at: wall) }) }
                if !removed.isEmpty { try await journal.markRemoved(removed, at: wall) }
            } catch {
                // Nobody is told Completed by this; the disk may have room again in a moment.
                retryAt = clock.now().boot.advanced(byMilliseconds: configuration.retry)
                break
            }
            for progress in batch {
                unrecorded[progress.revision] = nil
                recorded(progress.revision)
            }
            unmarked.subtract(removed)
            unmarked.formUnion(removals.takeRemoved())
            let told = Set(batch.map { Wait.completion($0.revision) } + removed.map { .removal($0) })
            waiting.resume { wait, _ in told.contains(wait) }
        }
        isRecording = false
        foldIfDue()
        setAlarm()
    }

    /// A command is completed.
    private func recorded(_ revision: Revision) {
        terms.completed(revision)
        removals.completed(revision)
        guard let folder = forgetting.removeValue(forKey: revision), let member = members[folder] else { return }
        removals.update(member)
    }

    /// How long a node that is cut off may be waited for on behalf of a command: milliseconds. While leases may be in force
    /// that nobody knows of, nor is it known by which configuration they were given.
    private func lease(of command: Command) -> UInt64 {
        unknownUntil == nil ? terms.lease(of: command) : .max
    }

    func setAlarm() {
        guard !isStopped else { return }
        guard let next = [tracker.nextRunOut, waiting.nextDeadline, retryAt, unknownUntil].compactMap({ $0 }).min() else { return }
        if let alarm, alarm.at <= next { return }
        alarm?.task.cancel()
        alarm = (
            next,
            Task { [weak self, clock] in
                do { try await clock.sleep(until: next) } catch { return }
                await self?.ring(next)
            }
        )
    }

    private func ring(_ at: BootInstant) {
        guard alarm?.at == at else { return }
        alarm = nil
        let now = clock.now()
        tracker.pass(now)
        if let due = retryAt, due <= now.boot { retryAt = nil }
        if let due = unknownUntil, due <= now.boot {
            unknownUntil = nil
            // If it fails, the next start waits once more.
            Task { [journal] in try await journal.leasesAreKnown() }
        }
        waiting.resume { _, deadline in deadline <= now.boot }
        settle()
    }

    // MARK: Waiting

    /// What a caller waits for.
    enum Wait: Hashable, Sendable {
        case news(Incarnation)
        case completion(Revision)
        case removal(Revision)
        case answers(UInt64)
    }

    /// Waits for what `what` says, the desk's stop, the deadline or the task's cancellation.
    func wait(for what: Wait, until deadline: BootInstant) async {
        let ticket = waiting.ticket()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Cancelled before it could be found: the handler below came too early.
                guard !Task.isCancelled else { return continuation.resume() }
                waiting.park(continuation, ticket, for: what, until: deadline)
                setAlarm()
            }
        } onCancel: {
            Task { await self.callOff(ticket) }
        }
    }

    private func callOff(_ ticket: UInt64) {
        waiting.resume(ticket)
    }

    /// Stands in status answers for whoever got a lease after the backup was made.
    private static let unknownHolders = NodeIdentity(name: "(leases given after the backup)", folder: 0, role: .edge)

    static let longestWait: UInt64 = 24 * 3_600_000

    static func runOut(of grant: Grant, from now: BootInstant) -> BootInstant {
        now.advanced(byMilliseconds: grant.duration + Grant.margin(on: grant.duration))
    }
}
