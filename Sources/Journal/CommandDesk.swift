public import CacheProtocol

/// Where one origin's commands are taken, followers are served, and it is decided what is completed (DESIGN §4).
///
/// A command's way: append (synced) → followers are woken → each applies, and acknowledges with its next request → when
/// nobody can answer without the command, the completion is recorded → whoever waits is told.
///
/// It is the only desk of its journal: the grants of another one would not be in its ledger.
///
/// Invariants
/// 1. Nobody is told Completed before that is recorded. The record outlives the end of the process at once; it is not
///    synced on the way (a disk's sync costs more than all the rest), but within a second. A power cut in that second
///    can show Pending again until the nodes have acknowledged anew; no forbidden byte is served, because what they
///    applied is synced on their side.
/// 2. Acknowledgements are kept in memory alone. After a restart the nodes acknowledge again, and whoever does not is
///    waited for as long as its grants, counted anew, may last.
/// 3. After every `await` membership is looked at again: an incarnation may have been superseded meanwhile.
public actor CommandDesk {
    let journal: any Journal
    let configuration: CommandDeskConfiguration
    let clock: any DeskClock
    var tracker = CommandTracker()
    var tail: JournalTail
    /// The last incarnation of each data folder.
    var members: [UInt64: StoredMember]
    /// Since this desk began.
    var ended: Set<Incarnation> = []
    /// Followers that hold a question open, and those who wait for a completion.
    var followers = Rendezvous<Incarnation>()
    var completionWaiters = Rendezvous<Revision>()
    /// Settled, but not yet recorded.
    var unrecorded: [Revision: CommandProgress] = [:]
    var isRecording = false
    /// An append has failed, and has not been looked for since.
    private var mayHaveMissed = false
    var isStopped = false
    private var alarm: (at: BootInstant, task: Task<Void, Never>)?
    private var retryAt: BootInstant?
    /// When the grants in the journal have run out, counted from when they were first seen.
    var seenGrants: [StoredGrant.Serial: BootInstant] = [:]
    var nextGrantSweep: BootInstant

    /// Picks up what is pending: every grant in the journal is counted from now.
    /// - Parameter mayMissGrants: the journal was restored from a backup, so nodes may hold leases that it does not know
    ///   of. No command is completed then before the longest of them has run out.
    public init(
        journal: any Journal, configuration: CommandDeskConfiguration = CommandDeskConfiguration(),
        mayMissGrants: Bool = false, clock: any DeskClock = SystemDeskClock()
    ) async throws {
        self.journal = journal
        self.configuration = configuration
        self.clock = clock
        // The head first: what is appended from here on is either in `pending` or comes through `submit`.
        let head = try await journal.head()
        tail = JournalTail(at: head, capacity: configuration.tail)
        members = Dictionary(uniqueKeysWithValues: try await journal.members().map { ($0.node.folder, $0) })
        let grants = try await journal.grants()
        let pending = try await journal.pending()
        let now = clock.now()
        nextGrantSweep = now.boot.advanced(byMilliseconds: configuration.lease)
        for stored in grants {
            tracker.expect(stored.grant, for: stored.node, stored.incarnation, at: now.boot)
            seenGrants[stored.serial] = Self.runOut(of: stored.grant, from: now.boot)
        }
        if mayMissGrants {
            tracker.expect(
                Grant(head: .zero, duration: configuration.lease), for: Self.unknownHolders, .random(), at: now.boot)
        }
        for entry in pending { tracker.committed(entry.revision, at: now) }
        settle()
    }

    public nonisolated var journalID: JournalID { journal.id }

    public var head: Revision { tail.head.revision }

    // MARK: Commands

    /// Durable when it returns; `waitUntilCompleted` tells when it is completed.
    /// - Parameter by: who ordered it, for people.
    /// - Throws: `JournalError` (too long, stopped), or the database's error: the command may stand all the same then,
    ///   and giving it again does no harm.
    public func submit(_ command: Command, by: String) async throws -> JournalEntry {
        guard !isStopped else { throw JournalError.stopped }
        let length = command.wireBytes.count + by.utf8.count
        guard length <= configuration.maxCommand else {
            throw JournalError.tooLong(length, limit: configuration.maxCommand)
        }
        do {
            let entry = try await journal.append(command, issuedBy: by, at: clock.now().wall)
            learn(entry)
            if mayHaveMissed { try? await catchUp() }
            return entry
        } catch {
            // It may stand all the same, and nobody but the journal knows.
            mayHaveMissed = true
            try? await catchUp()
            throw error
        }
    }

    /// An entry stands in the journal.
    private func learn(_ entry: JournalEntry) {
        guard !tail.contains(entry.revision) else { return }
        if tail.add(entry) { followers.resumeAll() }
        tracker.committed(entry.revision, at: clock.now())
        settle()
    }

    /// Reads what stands in the journal beyond what is known here.
    func catchUp() async throws {
        mayHaveMissed = false
        do {
            while case let entries = try await journal.entries(after: tail.head.revision, limit: configuration.batch),
                !entries.isEmpty
            {
                for entry in entries { learn(entry) }
            }
        } catch {
            mayHaveMissed = true
            throw error
        }
    }

    /// Returns when the command is completed or the time is over, with how it stands then; nil when there is no such
    /// revision.
    /// - Parameter timeout: milliseconds.
    public func waitUntilCompleted(_ revision: Revision, timeout: UInt64) async throws -> CommandStatus? {
        let deadline = clock.now().boot.advanced(byMilliseconds: min(timeout, Self.longestWait))
        while isOpen(revision), !isStopped, clock.now().boot < deadline {
            try Task.checkCancellation()
            await awaitCompletion(of: revision, until: deadline)
        }
        return try await status(of: revision)
    }

    /// How a command stands; nil when there is no such revision.
    public func status(of revision: Revision) async throws -> CommandStatus? {
        guard revision > .zero else { return nil }
        let entry = try await journal.entries(after: Revision(rawValue: revision.rawValue - 1), limit: 1).first
        guard let entry, entry.revision == revision else { return nil }
        return try await statuses(of: [entry]).first
    }

    /// The last commands, the newest first.
    public func recent(limit: Int) async throws -> [CommandStatus] {
        let head = try await journal.head().revision.rawValue
        let count = UInt64(clamping: limit)
        let entries = try await journal.entries(
            after: Revision(rawValue: head > count ? head - count : 0), limit: limit)
        return try await statuses(of: entries).reversed()
    }

    /// Nodes that hold a lease, by name.
    public func memberStatuses() -> [MemberStatus] {
        let now = clock.now().boot
        return tracker.members(at: now).map {
            MemberStatus(
                identity: $0.node, incarnation: $0.incarnation, acknowledged: $0.acknowledged,
                leaseLeft: $0.until.milliseconds(since: now))
        }.sorted { $0.identity.name < $1.identity.name }
    }

    /// Commands that are not completed.
    public var pendingCount: Int { tracker.openCount + unrecorded.count }

    /// Answers everybody who waits, and takes nothing any more. What is pending is picked up by the next desk.
    public func stop() {
        isStopped = true
        alarm?.task.cancel()
        alarm = nil
        followers.resumeAll()
        completionWaiters.resumeAll()
    }

    private func statuses(of entries: [JournalEntry]) async throws -> [CommandStatus] {
        guard let first = entries.first, let last = entries.last else { return [] }
        // Progress is read before the completions: a command that is recorded in between is found there.
        let progress = entries.map { tracker.progress(of: $0.revision) ?? unrecorded[$0.revision] }
        let completions = try await journal.completions(of: first.revision...last.revision)
        let completed = Dictionary(uniqueKeysWithValues: completions.map { ($0.revision, $0) })
        let now = clock.now().boot
        return zip(entries, progress).map { entry, progress in
            completed[entry.revision].map { CommandStatus(entry, $0) } ?? CommandStatus(entry, progress, at: now)
        }
    }

    private func isOpen(_ revision: Revision) -> Bool {
        tracker.progress(of: revision) != nil || unrecorded[revision] != nil
    }

    // MARK: What follows from a change

    /// Records what is settled, and sees to it that the next moment that matters is not missed.
    func settle() {
        for progress in tracker.takeSettled() { unrecorded[progress.revision] = progress }
        if !unrecorded.isEmpty, !isRecording, retryAt == nil {
            isRecording = true
            Task { await record() }
        }
        setAlarm()
    }

    private func record() async {
        while !unrecorded.isEmpty {
            let batch = Array(unrecorded.values)
            let wall = clock.now().wall
            do {
                try await journal.complete(batch.map { $0.completion(at: wall) })
            } catch {
                // Nobody is told Completed by this; the disk may have room again in a moment.
                retryAt = clock.now().boot.advanced(byMilliseconds: configuration.retry)
                break
            }
            for progress in batch { unrecorded[progress.revision] = nil }
            let recorded = Set(batch.map(\.revision))
            completionWaiters.resume { revision, _ in recorded.contains(revision) }
        }
        isRecording = false
        setAlarm()
    }

    func setAlarm() {
        guard !isStopped else { return }
        let moments = [tracker.nextRunOut, followers.nextDeadline, completionWaiters.nextDeadline, retryAt]
        guard let next = moments.compactMap({ $0 }).min() else { return }
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
        followers.resume { _, deadline in deadline <= now.boot }
        completionWaiters.resume { _, deadline in deadline <= now.boot }
        settle()
    }

    /// Waits until the completion of `revision` is recorded, the desk stops, the deadline comes or the task is
    /// cancelled.
    private func awaitCompletion(of revision: Revision, until deadline: BootInstant) async {
        let ticket = completionWaiters.ticket()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Cancelled before it could be found: the handler below came too early.
                guard !Task.isCancelled else { return continuation.resume() }
                completionWaiters.park(continuation, ticket, for: revision, until: deadline)
                setAlarm()
            }
        } onCancel: {
            Task { await self.callOff(completion: ticket) }
        }
    }

    private func callOff(completion ticket: UInt64) {
        completionWaiters.resume(ticket)
    }

    /// Stands in status answers for whoever got a lease after the backup was made.
    private static let unknownHolders = NodeIdentity(name: "(leases given after the backup)", folder: 0, role: .edge)

    static let longestWait: UInt64 = 24 * 3_600_000

    static func runOut(of grant: Grant, from now: BootInstant) -> BootInstant {
        now.advanced(byMilliseconds: grant.duration + Grant.margin(on: grant.duration))
    }
}
