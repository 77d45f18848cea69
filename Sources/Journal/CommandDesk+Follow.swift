public import CacheProtocol

extension CommandDesk {
    /// Answers a node: joins it, takes its acknowledgement, grants, and hands on what follows; holds the answer back
    /// while there is nothing to tell.
    /// - Throws: `JournalError.stopped`, `CancellationError`, or the database's error.
    public func follow(_ request: FollowRequest) async throws -> FollowAnswer {
        guard !isStopped else { throw JournalError.stopped }
        let arrivedAt = clock.now()
        guard try await admit(request) else { return .superseded }
        if request.leaves {
            try await leave(request.incarnation)
            return .entries([], grant: nil)
        }
        guard try await isOnChain(request) else { return .startOver(journal.id) }
        guard isCurrent(request) else { return .superseded }

        tracker.acknowledge(request.applied, by: request.incarnation, at: clock.now().wall)
        settle()
        if request.wantsGrant { return try await grantAndAnswer(request, arrivedAt) }

        let patience = min(request.patience, configuration.maxPatience)
        let deadline = arrivedAt.boot.advanced(byMilliseconds: patience)
        while tail.head.revision <= request.applied, isCurrent(request), !isStopped, clock.now().boot < deadline {
            try Task.checkCancellation()
            await awaitNews(for: request.incarnation, until: deadline)
        }
        try Task.checkCancellation()
        guard isCurrent(request) else { return .superseded }
        return .entries(try await entries(after: request.applied), grant: nil)
    }

    private func grantAndAnswer(_ request: FollowRequest, _ arrivedAt: DeskInstant) async throws -> FollowAnswer {
        // In the ledger before it is in the journal: a command that commits right after the grant, and is counted here
        // before this task goes on, would otherwise not wait for it. Until the transaction tells the head, the grant
        // stands here with one that is not greater.
        let expected = Grant(head: tail.head.revision, duration: configuration.lease)
        tracker.expect(expected, for: request.node, request.incarnation, at: arrivedAt.boot)
        let grant: Grant
        do {
            grant = try await journal.grant(configuration.lease, to: request.node, request.incarnation)
        } catch let error as JournalError where error == .superseded {
            return .superseded
        }
        // An append that failed here and stands all the same: without its entry nobody could use this grant.
        if grant.head > tail.head.revision { try await catchUp() }
        let entries = try await entries(after: request.applied)
        guard isCurrent(request) else { return .superseded }
        sweepGrants()
        setAlarm()
        return .entries(entries, grant: grant)
    }

    private func entries(after revision: Revision) async throws -> [JournalEntry] {
        if let recent = tail.entries(after: revision, limit: configuration.batch) { return recent }
        return try await journal.entries(after: revision, limit: configuration.batch)
    }

    /// Whether what the node has applied is a beginning of this journal.
    private func isOnChain(_ request: FollowRequest) async throws -> Bool {
        guard request.journal == journal.id else { return false }
        guard request.applied <= tail.head.revision else {
            // It may have heard of an entry from elsewhere before its append has returned here.
            return try await journal.chain(at: request.applied) == request.chain && request.chain != nil
        }
        if request.applied == .zero, request.chain == nil { return true }
        if let recent = tail.chain(at: request.applied) { return recent == request.chain }
        return try await journal.chain(at: request.applied) == request.chain
    }

    // MARK: Membership

    private func isCurrent(_ request: FollowRequest) -> Bool {
        guard let known = members[request.node.folder] else { return false }
        return known.incarnation == request.incarnation && !known.hasLeft
    }

    /// Joins the incarnation if it is new.
    /// - Returns: false when a later one of its folder has joined, or it has left.
    private func admit(_ request: FollowRequest) async throws -> Bool {
        if isCurrent(request) { return true }
        if let known = members[request.node.folder] {
            // One that is not known any more must say so by joining: a request of the one before may still be on its
            // way.
            // A later life than the journal knows of has joined before a backup was restored: it need not say so again.
            let isLater = request.incarnation.life > known.incarnation.life
            guard request.joins || isLater, known.incarnation != request.incarnation else { return false }
        }
        do {
            let former = try await journal.endOthers(than: request.incarnation, of: request.node)
            for other in former { end(other) }
        } catch let error as JournalError where error == .superseded {
            return false
        }
        // Of two lives that join at once the journal has ended the earlier; here the later may have come back first.
        guard !ended.contains(request.incarnation) else { return false }
        // An earlier try may have reached the journal and failed to say so.
        if let known = members[request.node.folder]?.incarnation, known != request.incarnation { end(known) }
        members[request.node.folder] = StoredMember(
            node: request.node, incarnation: request.incarnation, hasLeft: false)
        return true
    }

    private func leave(_ incarnation: Incarnation) async throws {
        try await journal.end(incarnation)
        end(incarnation)
    }

    private func end(_ incarnation: Incarnation) {
        ended.insert(incarnation)
        for (folder, member) in members where member.incarnation == incarnation { members[folder]?.hasLeft = true }
        tracker.end(incarnation, at: clock.now().wall)
        followers.resume { waiting, _ in waiting == incarnation }
        settle()
    }

    /// The operator's word that a process is gone: nothing is waited for on its behalf any more (DESIGN §4, rule 14).
    public func declareDead(_ incarnation: Incarnation) async throws {
        try await leave(incarnation)
    }

    // MARK: Waiting

    /// Waits for an entry, the end of `incarnation`, the desk's stop, the deadline or the task's cancellation.
    private func awaitNews(for incarnation: Incarnation, until deadline: BootInstant) async {
        let ticket = followers.ticket()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Cancelled before it could be found: the handler below came too early.
                guard !Task.isCancelled else { return continuation.resume() }
                followers.park(continuation, ticket, for: incarnation, until: deadline)
                setAlarm()
            }
        } onCancel: {
            Task { await self.callOff(follower: ticket) }
        }
    }

    private func callOff(follower ticket: UInt64) {
        followers.resume(ticket)
    }

    // MARK: Grants that have run out

    /// Drops from the journal, once a lease, the grants that were seen a lease ago. A grant dropped late costs a row.
    private func sweepGrants() {
        let now = clock.now().boot
        guard now >= nextGrantSweep else { return }
        nextGrantSweep = now.advanced(byMilliseconds: configuration.lease)
        Task { try await dropGrants() }
    }

    private func dropGrants() async throws {
        let stored = try await journal.grants()
        // Read after the grants: one that is seen here for the first time is counted from no earlier.
        let now = clock.now().boot
        var seen: [StoredGrant.Serial: BootInstant] = [:]
        for grant in stored { seen[grant.serial] = seenGrants[grant.serial] ?? Self.runOut(of: grant.grant, from: now) }
        let runOut = seen.filter { $0.value <= now }.map(\.key)
        seenGrants = seen.filter { $0.value > now }
        guard !runOut.isEmpty else { return }
        try await journal.forget(runOut)
    }
}
