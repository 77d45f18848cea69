public import CacheProtocol

extension CommandDesk {
    /// Returns when the command is completed or the time is over, with how it stands then; nil when there is no such
    /// revision.
    /// - Parameter timeout: milliseconds.
    public func waitUntilCompleted(_ revision: Revision, timeout: UInt64) async throws -> CommandStatus? {
        let deadline = clock.now().boot.advanced(byMilliseconds: min(timeout, Self.longestWait))
        while isOpen(revision), !isStopped, clock.now().boot < deadline {
            try Task.checkCancellation()
            await wait(for: .completion(revision), until: deadline)
        }
        return try await status(of: revision)
    }

    /// How a command stands; nil when there is no such revision.
    public func status(of revision: Revision) async throws -> CommandStatus? {
        guard revision > .zero else { return nil }
        return try await statuses(of: revision...revision).first
    }

    /// The last commands, the newest first.
    public func recent(limit: Int) async throws -> [CommandStatus] {
        let head = try await journal.head().revision.rawValue
        let count = UInt64(clamping: limit)
        guard head > 0, count > 0 else { return [] }
        let first = head > count ? head - count + 1 : 1
        return try await statuses(of: Revision(rawValue: first)...Revision(rawValue: head)).reversed()
    }

    private func statuses(of revisions: ClosedRange<Revision>) async throws -> [CommandStatus] {
        let records = try await journal.records(of: revisions)
        // Progress is read before the completions: a command that is recorded in between is found there.
        let progress = records.map { tracker.progress(of: $0.entry.revision) ?? unrecorded[$0.entry.revision] }
        let completions = try await journal.completions(of: revisions)
        let completed = Dictionary(uniqueKeysWithValues: completions.map { ($0.revision, $0) })
        let now = clock.now().boot
        return zip(records, progress).map { record, progress in
            completed[record.entry.revision].map { CommandStatus(record, $0) } ?? CommandStatus(record, progress, at: now)
        }
    }

    func isOpen(_ revision: Revision) -> Bool {
        tracker.progress(of: revision) != nil || unrecorded[revision] != nil || tail.isEarly(revision)
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

    /// Every data folder that ever joined, by name.
    public func knownMembers() -> [StoredMember] {
        members.values.sorted { ($0.node.name, $0.node.folder) < ($1.node.name, $1.node.folder) }
    }
}
