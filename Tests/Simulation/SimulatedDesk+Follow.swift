import CacheProtocol
import Journal

/// Questions of nodes and their answers. Mirrors CommandDesk+Follow and CommandDesk+Removal.
extension SimulatedDesk {
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

    private func isOnChain(_ request: FollowRequest) -> Bool {
        guard request.journal == database.id else { return false }
        if bug == .skipTakenForDuplicate || bug == .cachesKeptOffTheChain && request.applied <= database.head { return true }
        if request.applied == .zero, request.chain == nil { return true }
        return database.chain(at: request.applied) == request.chain
    }

    func answerHeld(where applies: (FollowRequest) -> Bool) {
        guard !held.isEmpty else { return }
        let due = held.filter { applies($0.request) }
        guard !due.isEmpty else { return }
        held.removeAll { applies($0.request) }
        for (request, reply) in due {
            if isCurrent(request) { answer(request, nil, reply) } else { reply(.superseded) }
        }
    }

    func answer(_ request: FollowRequest, _ grant: Grant?, _ reply: Reply) {
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
}
