import CacheProtocol
import Journal

/// Where the commands are taken and it is decided what is completed, for one life of the origin. Mirrors CommandDesk and
/// CommandDesk+Follow around the product's own CommandTracker: every await there is a step of its own here.
final class SimulatedDesk {
    typealias Reply = (FollowAnswer?) -> Void

    // Owns this.
    private unowned(unsafe) let process: NodeProcess
    private var simulation: Simulation { process.simulation }
    private var world: World { process.world }
    private var bug: PlantedBug? { process.simulation.bug }
    private var database: JournalDatabase {
        get { process.simulation.database }
        _modify { yield &process.simulation.database }
    }

    private var tracker = CommandTracker()
    private var removals = RemovalTracker()
    private var terms: LeaseTerms
    private var newestConfiguration = Revision.zero
    private var knownHead = Revision.zero
    /// When the leases that a backup does not know of have run out.
    private var unknownUntil = BootInstant(nanoseconds: 0)
    private var early: [Revision: JournalEntry] = [:]
    private var members: [UInt64: StoredMember] = [:]
    private var declaredDead: Set<UInt64> = []
    private var forgetting: [Revision: UInt64] = [:]
    private var ended: Set<Incarnation> = []
    private var held: [(request: FollowRequest, reply: Reply)] = []
    private var unrecorded: [Revision] = []
    private var unmarked: [Revision] = []
    private var isRecording = false
    private var alarm: BootInstant?
    private var seenGrants: [UInt64: BootInstant] = [:]

    private var now: DeskInstant { DeskInstant(boot: process.host.boot, wall: process.host.wall) }

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

    // MARK: Commands

    /// - Parameter reply: the revision, or nil when it is not known whether the command stands.
    func submit(_ order: Order, _ reply: @escaping (Revision?) -> Void) {
        // Nobody who never joined can be expelled.
        if case .node(let folder) = order.command.scope, members[folder] == nil { return reply(nil) }
        process.step { [self] in
            let fails = process.host.diskFails()
            if fails, world.random.chance(70) { return process.step { [self] in catchUp(); reply(nil) } }
            if bug == .acknowledgeBeforePersist { database.syncedEntries = min(database.syncedEntries, database.entries.count) }
            let entry = database.append(order, at: process.host.wall)
            database.sync()
            simulation.appended(order, at: entry.revision)
            if bug == .acknowledgeBeforePersist {
                process.later(world.random.number(in: 1_000_000...1_000_000_000)) { [self] in database.syncedEntries = .max }
            }
            process.step { [self] in
                if fails { catchUp() } else { learn(entry) }
                endDeclaredDead()
                reply(fails ? nil : entry.revision)
            }
        }
    }

    private func catchUp() {
        process.step { [self] in
            while knownHead < database.head { learn(database.entries[Int(knownHead.rawValue)]) }
            endDeclaredDead()
        }
    }

    /// In the order of revisions, whatever the order in which transactions return. Mirrors `JournalTail.add`.
    private func learn(_ entry: JournalEntry) {
        guard entry.revision > knownHead else { return }
        early[entry.revision] = entry
        while let next = early.removeValue(forKey: knownHead.next) {
            knownHead = next.revision
            adopt(next)
            if case .node(let folder) = next.command.scope { expel(folder, next) }
            if Erasure(next) != nil { removals.erased(next.revision, size: 100, isCompleted: false) }
            tracker.committed(next.revision, lease: lease(of: next), at: now)
        }
        answerHeld { $0.applied < knownHead }
        settle()
    }

    private func adopt(_ entry: JournalEntry) {
        switch entry.command.scope {
        case .configuration(let change):
            let configuration = simulation.configuration(change.document)
            terms.committed(
                entry.revision,
                EndpointLeases(
                    bySite: Dictionary(uniqueKeysWithValues: zip(Catalogue.sites, configuration.leases)),
                    longest: configuration.longestLease))
            newestConfiguration = max(newestConfiguration, entry.revision)
            if bug == .leaseShortenedTooEarly { terms.completed(entry.revision) }
        case .node(let folder) where entry.command.kind == .forget: forgetting[entry.revision] = folder
        default: break
        }
    }

    private func lease(of entry: JournalEntry) -> UInt64 {
        let order = simulation.orders[database.orders[Int(entry.revision.rawValue) - 1]]
        // Whoever holds a lease of after the backup may go by a configuration that is gone.
        if now.boot < unknownUntil, bug != .restoreWaitsByItsOwnLeases { return .max }
        // Which endpoints reach what the command names was looked up by the configurations of then.
        let isOvertaken = newestConfiguration > order.resolvedAt
        if isOvertaken { return terms.longest }
        return terms.lease(of: entry.command)
    }

    private func expel(_ folder: UInt64, _ entry: JournalEntry) {
        guard members[folder] != nil else { return }
        let isDead = entry.command.kind == .declareDead
        members[folder]?.expulsion = StoredMember.Expulsion(
            kind: isDead ? .declaredDead : .forgotten, revision: entry.revision)
        tracker.forget(folder)
        if isDead || bug == .forgetEndsALiveNode { declaredDead.insert(folder) }
        if isDead, let member = members[folder] { removals.update(member) }
    }

    private func endDeclaredDead() {
        guard !declaredDead.isEmpty else { return }
        let before = declaredDead.sorted().compactMap { members[$0] }
        declaredDead = []
        process.step { [self] in
            for member in before {
                guard let known = database.members[member.node.folder],
                    known.incarnation != member.incarnation || known.hasLeft || bug == .forgetEndsALiveNode
                else { continue }
                end(member.incarnation)
            }
        }
    }

    /// While its leases are waited for, a folder is not forgotten yet.
    private func counted(_ member: StoredMember) -> StoredMember {
        guard let expulsion = member.expulsion, forgetting[expulsion.revision] != nil else { return member }
        var member = member
        member.expulsion = nil
        return member
    }

    // MARK: Completions

    private func settle() {
        unrecorded += tracker.takeSettled().map(\.revision).sorted()
        unmarked += removals.takeRemoved().sorted()
        if !unrecorded.isEmpty || !unmarked.isEmpty, !isRecording { record() }
        guard let next = tracker.nextRunOut, alarm.map({ next < $0 }) ?? true else { return }
        alarm = next
        let due = process.host.clock.time(of: next.nanoseconds)
        process.later(due > world.now ? due - world.now : 0) { [self] in
            guard alarm == next else { return }
            alarm = nil
            tracker.pass(now)
            settle()
        }
    }

    private func record() {
        isRecording = true
        let (batch, removed) = (unrecorded, unmarked)
        process.step { [self] in
            if process.host.diskFails() {
                return process.later(1_000_000_000) { [self] in record() }
            }
            database.complete(batch)
            database.markRemoved(removed)
            process.later(1_000_000_000) { [self] in database.sync() }
            process.step { [self] in
                unrecorded.removeAll { batch.contains($0) }
                for revision in batch { recorded(revision) }
                unmarked.removeAll { removed.contains($0) }
                for revision in removed { simulation.removed(revision) }
                unmarked += removals.takeRemoved().sorted()
                isRecording = false
                if !unrecorded.isEmpty || !unmarked.isEmpty { record() }
            }
        }
    }

    private func recorded(_ revision: Revision) {
        terms.completed(revision)
        removals.completed(revision)
        simulation.completed(revision)
        if let folder = forgetting.removeValue(forKey: revision), let member = members[folder] { removals.update(member) }
    }

    // MARK: Followers

    func follow(_ request: FollowRequest, _ acknowledged: Revision, _ reply: @escaping Reply) {
        let arrivedAt = now.boot
        admit(request) { [self] isAdmitted in
            guard isAdmitted, isCurrent(request) else { return reply(.superseded) }
            guard isOnChain(request) else { return reply(.startOver(database.id)) }
            tracker.acknowledge(acknowledged, by: request.incarnation, at: now.wall)
            settle()
            readmit(request) { [self] in
                take(request) { [self] isTaken in
                    guard isTaken else { return reply(nil) }
                    guard isCurrent(request) else { return reply(.superseded) }
                    if request.wantsGrant { return grant(request, arrivedAt, reply) }
                    if request.applied < knownHead || request.patience == 0 { return answer(request, nil, reply) }
                    held.append((request, reply))
                    process.later(request.patience * 1_000_000) { [self] in
                        answerHeld { $0.incarnation == request.incarnation && $0.patience == request.patience }
                    }
                }
            }
        }
    }

    private func isCurrent(_ request: FollowRequest) -> Bool {
        guard let known = members[request.node.folder] else { return false }
        return known.incarnation == request.incarnation && !known.hasLeft
    }

    private func admit(_ request: FollowRequest, _ then: @escaping (Bool) -> Void) {
        if isCurrent(request) { return then(true) }
        let folder = request.node.folder
        if let known = members[folder] {
            let isLater = request.incarnation.life > known.incarnation.life
            guard request.joins || isLater, known.incarnation != request.incarnation else { return then(false) }
        }
        process.step { [self] in
            let former: [Incarnation]
            if bug == .lateJoinEndsItsSuccessor, let known = database.members[folder] {
                former = known.incarnation == request.incarnation ? [] : [known.incarnation]
                database.grants.removeAll { $0.node.folder == folder }
                database.members[folder]?.incarnation = request.incarnation
                database.members[folder]?.hasLeft = false
            } else if let others = database.endOthers(than: request.incarnation, of: request.node) {
                former = others
            } else {
                return then(false)
            }
            let stored = database.members[folder]
            process.step { [self] in
                for other in former { end(other) }
                guard bug == .lateJoinEndsItsSuccessor || !ended.contains(request.incarnation) else { return then(false) }
                if let known = members[folder]?.incarnation, known != request.incarnation { end(known) }
                let isNew = members[folder] == nil
                guard var member = members[folder] ?? stored else { return then(false) }
                (member.node, member.incarnation, member.hasLeft) = (request.node, request.incarnation, false)
                members[folder] = member
                if isNew { removals.update(member) }
                then(true)
            }
        }
    }

    /// A folder that was expelled has applied that it was: it has emptied its caches, and is a member again.
    private func readmit(_ request: FollowRequest, _ then: @escaping () -> Void) {
        guard var member = members[request.node.folder], member.isExpelled, let expulsion = member.expulsion,
            expulsion.revision <= request.applied
        else { return then() }
        member.accountableFrom = max(knownHead, request.applied)
        members[request.node.folder] = member
        tracker.readmit(request.node.folder)
        if forgetting[expulsion.revision] == nil { removals.update(member) }
        process.step { [self] in
            database.readmit(request.node.folder, at: member.accountableFrom)
            then()
        }
    }

    private func take(_ request: FollowRequest, _ then: @escaping (Bool) -> Void) {
        guard !request.removals.isEmpty, let member = members[request.node.folder] else { return then(true) }
        let reports = request.removals.map(\.revision).filter {
            $0 <= request.applied && RemovalTracker.duty(of: member, for: $0) != .none
        }
        guard !reports.isEmpty else { return then(true) }
        process.step { [self] in
            guard !process.host.diskFails() else { return then(false) }
            database.removals[request.node.folder, default: []].formUnion(reports)
            for report in reports { removals.reported(report, by: request.node.folder) }
            settle()
            then(true)
        }
    }

    private func end(_ incarnation: Incarnation) {
        ended.insert(incarnation)
        for (folder, member) in members where member.incarnation == incarnation { members[folder]?.hasLeft = true }
        tracker.end(incarnation, at: now.wall)
        answerHeld { $0.incarnation == incarnation }
        settle()
    }

    private func isOnChain(_ request: FollowRequest) -> Bool {
        guard request.journal == database.id else { return false }
        if bug == .skipTakenForDuplicate || bug == .cachesKeptOffTheChain && request.applied <= database.head { return true }
        if request.applied == .zero, request.chain == nil { return true }
        return database.chain(at: request.applied) == request.chain
    }

    // MARK: Grants

    private func grant(_ request: FollowRequest, _ arrivedAt: BootInstant, _ reply: @escaping Reply) {
        let duration = terms.longest
        let isLate = bug == .grantNotSerialisedWithAppend
        if !isLate { expect(Grant(head: knownHead, duration: duration), request, at: arrivedAt) }
        process.step { [self] in
            if process.host.diskFails() { return reply(nil) }
            guard let member = database.members[request.node.folder], member.incarnation == request.incarnation,
                !member.hasLeft
            else {
                // The journal grants this incarnation nothing any more: nor is it to be waited for.
                end(request.incarnation)
                return reply(.superseded)
            }
            let grant = Grant(head: database.head, duration: duration)
            database.lastSerial += 1
            database.grants.append(
                JournalDatabase.StoredGrant(
                    serial: database.lastSerial, node: request.node, incarnation: request.incarnation, grant: grant))
            process.disk.grantsGiven = database.lastSerial
            seenGrants[database.lastSerial] = grant.hasRunOut(after: now.boot, lease: .max)
            process.step { [self] in
                if isLate { expect(grant, request, at: now.boot) }
                guard isCurrent(request) else { return reply(.superseded) }
                if grant.head > knownHead { catchUp() }
                dropGrants()
                answer(request, grant, reply)
            }
        }
    }

    private func expect(_ grant: Grant, _ request: FollowRequest, at instant: BootInstant) {
        var grant = grant
        if bug == .waitWithoutMargin {
            // What is left when the margin is added again is the duration itself.
            grant.duration = (grant.duration - 100) * 100 / 101
        }
        tracker.expect(grant, for: request.node, request.incarnation, at: instant)
    }

    /// Rows that have run out.
    private func dropGrants() {
        let now = now.boot
        guard database.grants.count > 16 else { return }
        database.grants.removeAll { stored in seenGrants[stored.serial].map { $0 <= now } ?? false }
    }

    // MARK: Answers

    private func answerHeld(where applies: (FollowRequest) -> Bool) {
        guard !held.isEmpty else { return }
        let due = held.filter { applies($0.request) }
        guard !due.isEmpty else { return }
        held.removeAll { applies($0.request) }
        for (request, reply) in due {
            if isCurrent(request) { answer(request, nil, reply) } else { reply(.superseded) }
        }
    }

    private func answer(_ request: FollowRequest, _ grant: Grant?, _ reply: Reply) {
        var news = FollowNews(grant: grant)
        var after = request.applied
        if after < database.floor, let table = database.snapshot {
            news.snapshot = RuleSnapshot(journal: database.id, table: table)
            news.erasures = erasures(for: request, in: table)
            after = database.floor
        }
        news.erasures += askedAgain(request)
        if after < knownHead {
            let end = min(Int(knownHead.rawValue), Int(after.rawValue) + simulation.settings.batch)
            news.entries = Array(database.entries[Int(after.rawValue)..<end])
        }
        reply(.news(news))
    }

    /// The erases among what the snapshot folds whose bytes may lie on the node's disk.
    private func erasures(for request: FollowRequest, in table: RuleTable) -> [Erasure] {
        let folder = request.node.folder
        guard let member = members[folder] else { return [] }
        if let expelled = table.forgotten[folder], expelled > request.applied { return [] }
        var last = max(request.applied, member.joinedAt)
        if request.applied == .zero { last = max(last, member.accountableFrom) }
        guard last < table.applied else { return [] }
        let reported = database.removals[folder] ?? []
        return database.entries[Int(last.rawValue)..<Int(table.applied.rawValue)].compactMap { Erasure($0) }
            .filter { !reported.contains($0.revision) }
    }

    /// With every grant: a journal that was restored from a backup has lost the reports that came after it, and nobody would
    /// give them again.
    private func askedAgain(_ request: FollowRequest) -> [Erasure] {
        let folder = request.node.folder
        guard request.wantsGrant, bug != .removalsNotAskedForAgain, !simulation.erasesToRemove.isEmpty, let member = members[folder]
        else { return [] }
        let reported = database.removals[folder] ?? []
        return simulation.erasesToRemove.filter {
            $0 <= request.applied && !reported.contains($0) && RemovalTracker.duty(of: member, for: $0) == .destroy
        }.compactMap { Erasure(database.entries[Int($0.rawValue) - 1]) }
    }

    // MARK: Folding

    /// Mirrors CommandDesk+Folding and JournalTables+Snapshot.
    func fold() {
        let open = [tracker.firstOpen, unrecorded.min()].compactMap { $0 }.min()
        let end = open.map { Revision(rawValue: $0.rawValue - 1) } ?? knownHead
        guard end > database.floor else { return }
        process.step { [self] in
            guard end <= database.head, end > database.floor, !process.host.diskFails() else { return }
            var table = database.snapshot ?? RuleTable(journal: database.id)
            for entry in database.entries[Int(database.floor.rawValue)..<Int(end.rawValue)] { try? table.apply(entry) }
            if let floor = table.floorNeeded(limit: simulation.settings.ruleLimit) { table.raiseFloor(to: floor) }
            database.snapshot = table
            process.note("folds the journal through \(end)")
        }
    }
}
