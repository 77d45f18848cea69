import CacheProtocol
import Journal

/// Who is a member, in which incarnation. Mirrors CommandDesk+Membership.
extension SimulatedDesk {
    func expel(_ folder: UInt64, _ entry: JournalEntry) {
        guard members[folder] != nil else { return }
        let isDead = entry.command.kind == .declareDead
        members[folder]?.expulsion = StoredMember.Expulsion(
            kind: isDead ? .declaredDead : .forgotten, revision: entry.revision)
        tracker.forget(folder)
        if isDead || bug == .forgetEndsALiveNode { declaredDead.insert(folder) }
        if isDead, let member = members[folder] { removals.update(member) }
    }

    func endDeclaredDead() {
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
    func counted(_ member: StoredMember) -> StoredMember {
        guard let expulsion = member.expulsion, forgetting[expulsion.revision] != nil else { return member }
        var member = member
        member.expulsion = nil
        return member
    }

    func isCurrent(_ request: FollowRequest) -> Bool {
        guard let known = members[request.node.folder] else { return false }
        return known.incarnation == request.incarnation && !known.hasLeft
    }

    func admit(_ request: FollowRequest, _ then: @escaping (Bool) -> Void) {
        if isCurrent(request) { return then(true) }
        let folder = request.node.folder
        if let known = members[folder] {
            let isLater = request.incarnation.life > known.incarnation.life
            guard request.joins || isLater, known.incarnation != request.incarnation else { return then(false) }
        }
        if members[folder] == nil, bug != .joinAwaitedOnceKnown {
            removals.update(
                StoredMember(node: request.node, incarnation: request.incarnation, hasLeft: false, joinedAt: knownHead))
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
                if let known = members[folder]?.incarnation, known != request.incarnation {
                    // Of three lives the last may be back before the one between, which would have said that the first is over.
                    guard request.incarnation.maySucceed(known) || endsWhateverItFinds else { return then(false) }
                    end(known)
                }
                let isNew = members[folder] == nil
                guard var member = members[folder] ?? stored else { return then(false) }
                (member.node, member.incarnation, member.hasLeft) = (request.node, request.incarnation, false)
                members[folder] = member
                if isNew { removals.update(member) }
                then(true)
            }
        }
    }

    private var endsWhateverItFinds: Bool { bug == .firstOfThreeJoinsEndsTheLast || bug == .lateJoinEndsItsSuccessor }

    /// A folder that was expelled has applied that it was: it has emptied its caches, and is a member again.
    func readmit(_ request: FollowRequest, _ then: @escaping () -> Void) {
        guard var member = members[request.node.folder], member.isExpelled, let expulsion = member.expulsion,
            expulsion.revision <= request.applied
        else { return then() }
        member.accountableFrom = max(knownHead, request.applied)
        members[request.node.folder] = member
        tracker.readmit(request.node.folder)
        // It may have been expelled twice: what it fills from now on is awaited, though the second still waits for leases.
        removals.update(counted(member))
        process.step { [self] in
            database.readmit(request.node.folder, at: member.accountableFrom)
            then()
        }
    }

    func end(_ incarnation: Incarnation) {
        ended.insert(incarnation)
        for (folder, member) in members where member.incarnation == incarnation { members[folder]?.hasLeft = true }
        tracker.end(incarnation, at: now.wall)
        answerHeld { $0.incarnation == incarnation }
        settle()
    }
}
