internal import CacheProtocol

extension CommandDesk {
    func isCurrent(_ request: FollowRequest) -> Bool {
        guard let known = members[request.node.folder] else { return false }
        return known.incarnation == request.incarnation && !known.hasLeft
    }

    /// Joins the incarnation if it is new.
    /// - Returns: false when a later one of its folder has joined, or it has left.
    func admit(_ request: FollowRequest) async throws -> Bool {
        if isCurrent(request) { return true }
        if let known = members[request.node.folder] {
            // One that is not known any more must say so by joining: a request of the one before may still be on its
            // way.
            // A later life than the journal knows of has joined before a backup was restored: it need not say so again.
            let isLater = request.incarnation.life > known.incarnation.life
            guard request.joins || isLater, known.incarnation != request.incarnation else { return false }
        }
        var stored: StoredMember?
        if members[request.node.folder] == nil { awaitJoining(request) }
        do {
            let former = try await journal.endOthers(than: request.incarnation, of: request.node)
            if members[request.node.folder] == nil {
                stored = try await journal.members().first { $0.node.folder == request.node.folder }
            }
            for other in former { end(other) }
        } catch let error as JournalError where error == .superseded {
            return false
        }
        // Of two lives that join at once the journal has ended the earlier; here the later may have come back first.
        guard !ended.contains(request.incarnation) else { return false }
        // An earlier try may have reached the journal and failed to say so.
        if let known = members[request.node.folder]?.incarnation, known != request.incarnation {
            // Of three lives that join at once the last may have come back first, and this one not yet be known to have ended.
            guard request.incarnation.maySucceed(known) else { return false }
            end(known)
        }
        let isNew = members[request.node.folder] == nil
        var member = members[request.node.folder] ?? stored ?? StoredMember(
            node: request.node, incarnation: request.incarnation, hasLeft: false)
        (member.node, member.incarnation, member.hasLeft) = (request.node, request.incarnation, false)
        members[request.node.folder] = member
        if isNew { removals.update(member) }
        return true
    }

    /// An erase may be committed right after the folder has joined, and be Removed before the journal's answer is known here. So
    /// the folder is awaited from before the journal is asked; and on, should the answer never come, for it may have joined.
    private func awaitJoining(_ request: FollowRequest) {
        removals.update(
            StoredMember(node: request.node, incarnation: request.incarnation, hasLeft: false, joinedAt: head))
    }

    func leave(_ incarnation: Incarnation) async throws {
        try await journal.end(incarnation)
        end(incarnation)
    }

    func end(_ incarnation: Incarnation, reason: NodeOutcome.Reason = .ended) {
        ended.insert(incarnation)
        for (folder, member) in members where member.incarnation == incarnation { members[folder]?.hasLeft = true }
        tracker.end(incarnation, reason: reason, at: clock.now().wall)
        waiting.resume { wait, _ in wait == .news(incarnation) }
        settle()
    }

    // MARK: Expulsion

    /// A command has expelled a folder. What a forgotten one owes ends when the command is completed.
    func expel(_ folder: UInt64, _ expulsion: StoredMember.Expulsion) {
        guard var member = members[folder] else { return }
        member.expulsion = expulsion
        members[folder] = member
        tracker.forget(folder)
        guard expulsion.kind == .declaredDead else { return }
        declaredDead.insert(folder)
        removals.update(member)
    }

    /// Ends the incarnations that the journal has ended with a command.
    func endDeclaredDead() async {
        guard !declaredDead.isEmpty else { return }
        let before = declaredDead.compactMap { members[$0] }
        declaredDead = []
        guard let stored = try? await journal.members() else {
            declaredDead.formUnion(before.map(\.node.folder))
            return
        }
        let now = Dictionary(uniqueKeysWithValues: stored.map { ($0.node.folder, $0) })
        // A new life may have joined between the command and here: it is not the one that was declared dead.
        for member in before {
            guard let known = now[member.node.folder], known.incarnation != member.incarnation || known.hasLeft else {
                continue
            }
            end(member.incarnation, reason: .declaredDead)
        }
    }

    /// A folder that was expelled has applied that it was, and follows: it has emptied its caches, and is a member again.
    func readmit(_ request: FollowRequest) async throws {
        guard var member = members[request.node.folder], member.isExpelled, let expulsion = member.expulsion,
            expulsion.revision <= request.applied
        else { return }
        // Here before it is in the journal, so that an erase that is learned of meanwhile waits for it.
        member.accountableFrom = max(tail.head.revision, request.applied)
        members[request.node.folder] = member
        tracker.readmit(request.node.folder)
        // It may have been expelled twice: what it fills from now on is awaited, though the second still waits for leases.
        removals.update(counted(member))
        try await journal.readmit(request.node.folder, at: member.accountableFrom)
    }
}
