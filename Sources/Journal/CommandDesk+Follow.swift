public import CacheProtocol

extension CommandDesk {
    /// Answers a node: joins it, takes its acknowledgement and its reports, grants, and hands on what follows; holds the
    /// answer back while there is nothing to tell.
    /// - Throws: `JournalError.stopped`, `CancellationError`, or the database's error.
    public func follow(_ request: FollowRequest) async throws -> FollowAnswer {
        guard !isStopped else { throw JournalError.stopped }
        let arrivedAt = clock.now()
        guard try await admit(request) else { return .superseded }
        let isOnChain = try await isOnChain(request)
        guard isCurrent(request) else { return .superseded }
        if isOnChain {
            tracker.acknowledge(request.applied, by: request.incarnation, at: clock.now().wall)
            settle()
            try await readmit(request)
            try await take(request.removals, of: request)
        }
        if request.leaves {
            try await leave(request.incarnation)
            return .news(FollowNews())
        }
        guard isOnChain else { return .startOver(journal.id) }
        if request.wantsGrant { return try await grantAndAnswer(request, arrivedAt) }

        let patience = min(request.patience, configuration.maxPatience)
        let deadline = arrivedAt.boot.advanced(byMilliseconds: patience)
        while hasNothing(for: request), isCurrent(request), !isStopped, clock.now().boot < deadline {
            try Task.checkCancellation()
            await wait(for: .news(request.incarnation), until: deadline)
        }
        try Task.checkCancellation()
        return try await answer(request, grant: nil)
    }

    private func hasNothing(for request: FollowRequest) -> Bool {
        tail.head.revision <= request.applied && !questions.isDue(for: request.node.folder, at: clock.now().boot)
    }

    private func grantAndAnswer(_ request: FollowRequest, _ arrivedAt: DeskInstant) async throws -> FollowAnswer {
        guard isCurrent(request) else { return .superseded }
        let duration = terms.longest
        // In the ledger before it is in the journal: a command that commits right after the grant, and is counted here
        // before this task goes on, would otherwise not wait for it. Until the transaction tells the head, the grant
        // stands here with one that is not greater.
        let expected = Grant(head: tail.head.revision, duration: duration)
        tracker.expect(expected, for: request.node, request.incarnation, at: arrivedAt.boot)
        let grant: Grant
        do {
            grant = try await journal.grant(duration, to: request.node, request.incarnation)
        } catch let error as JournalError where error == .superseded {
            // The journal grants this incarnation nothing any more: nor is it to be waited for.
            end(request.incarnation)
            return .superseded
        }
        // An append that failed here and stands all the same: without its entry nobody could use this grant.
        if grant.head > tail.head.revision { try await catchUp() }
        let answer = try await answer(request, grant: grant)
        sweepGrants()
        setAlarm()
        return answer
    }

    // MARK: News

    private func answer(_ request: FollowRequest, grant: Grant?) async throws -> FollowAnswer {
        var news = try await news(for: request)
        if grant != nil, news.snapshot == nil { news.erasures = try await owed(by: request) }
        guard isCurrent(request) else { return .superseded }
        news.grant = grant
        news.questions = questions.take(for: request.node.folder, at: clock.now().boot)
        return .news(news)
    }

    private func news(for request: FollowRequest) async throws -> FollowNews {
        do {
            if let snapshot, request.applied < snapshot.revision, !tail.reaches(request.applied) {
                return try await news(for: request, snapshot)
            }
            return FollowNews(entries: try await entries(after: request.applied))
        } catch let error as JournalError where error == .folded {
            // It was folded meanwhile.
            guard let newer = try await journal.snapshot() else { throw error }
            snapshot = newer
            return try await news(for: request, newer)
        }
    }

    private func news(for request: FollowRequest, _ snapshot: RuleSnapshot) async throws -> FollowNews {
        FollowNews(
            snapshot: snapshot, erasures: try await erasures(for: request, in: snapshot),
            entries: try await entries(after: snapshot.revision))
    }

    private func entries(after revision: Revision) async throws -> [JournalEntry] {
        if let recent = tail.entries(after: revision, limit: configuration.batch) { return fitting(recent) }
        return fitting(try await journal.entries(after: revision, limit: configuration.batch))
    }

    /// As many as a message takes, and one at the least.
    private func fitting(_ entries: [JournalEntry]) -> [JournalEntry] {
        var bytes = 0
        let count = entries.prefix { entry in
            bytes += entry.sizeBound
            return bytes <= configuration.maxAnswer
        }.count
        return count == entries.count ? entries : Array(entries.prefix(max(1, count)))
    }

    /// What the node has applied and not reported: once more with every grant. Its list, or its report, may be gone with a
    /// restore of this journal.
    private func owed(by request: FollowRequest) async throws -> [Erasure] {
        let revisions = removals.owed(by: request.node.folder, through: request.applied)
        guard let first = revisions.first else { return [] }
        let wanted = Set(revisions)
        let page = try await journal.entries(
            of: [.erase], after: Revision(rawValue: first.rawValue - 1), limit: Self.owedAtOnce)
        return fitting(page).compactMap { Erasure($0) }.filter { wanted.contains($0.revision) }
    }

    private static let owedAtOnce = 500

    /// The erases among what `snapshot` folds whose bytes may lie on the node's disk.
    private func erasures(for request: FollowRequest, in snapshot: RuleSnapshot) async throws -> [Erasure] {
        let folder = request.node.folder
        guard let member = members[folder] else { return [] }
        // It reads in the snapshot that it was expelled, and empties its caches.
        if let expelled = snapshot.table.forgotten[folder], expelled > request.applied { return [] }
        var last = max(request.applied, member.joinedAt)
        // One that begins anew has empty caches: it only owes its word, where that is waited for.
        if request.applied == .zero { last = max(last, member.accountableFrom) }
        var erasures: [Erasure] = []
        while last < snapshot.revision,
            case let page = try await journal.entries(of: [.erase], after: last, limit: 1_000), let end = page.last?.revision
        {
            let reports = try await journal.removals(of: last.next...end)
            let reported = Set(reports.filter { $0.folder == folder }.map(\.report.revision))
            erasures += page.compactMap { Erasure($0) }.filter {
                $0.revision <= snapshot.revision && !reported.contains($0.revision)
            }
            last = end
        }
        return erasures
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

    // MARK: Grants that have run out

    /// Drops from the journal, once a lease, the grants that were seen a lease ago. A grant dropped late costs a row.
    private func sweepGrants() {
        let now = clock.now().boot
        guard now >= nextGrantSweep else { return }
        nextGrantSweep = now.advanced(byMilliseconds: terms.longest)
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
