public import CacheProtocol

extension CommandDesk {
    /// What an erase has destroyed so far, and on which nodes it has still to; nil when there is no such revision, or it
    /// erases nothing.
    public func removal(of revision: Revision) async throws -> RemovalStatus? {
        guard revision > .zero, let record = try await journal.records(of: revision...revision).first,
            Erasure(record.entry) != nil
        else { return nil }
        let completion = try await journal.completion(of: revision)
        let removals = try await journal.removals(of: revision...revision)
        return RemovalStatus(
            record, completedAt: completion?.completedAt, members: members.values.map(counted), removals: removals)
    }

    /// Returns when the erase is Removed or the time is over, with how it stands then; nil as `removal(of:)`.
    /// - Parameter timeout: milliseconds.
    public func waitUntilRemoved(_ revision: Revision, timeout: UInt64) async throws -> RemovalStatus? {
        let deadline = clock.now().boot.advanced(byMilliseconds: min(timeout, Self.longestWait))
        while removals.isOpen(revision) || unmarked.contains(revision) || tail.isEarly(revision), !isStopped,
            clock.now().boot < deadline
        {
            try Task.checkCancellation()
            await wait(for: .removal(revision), until: deadline)
        }
        return try await removal(of: revision)
    }

    /// A node reports erases. Recorded, synced, before it is answered: it does not tell again.
    func take(_ reports: [RemovalReport], of request: FollowRequest) async throws {
        let folder = request.node.folder
        guard let member = members[folder] else { return }
        let reports = reports.filter {
            $0.revision <= request.applied && RemovalTracker.duty(of: member, for: $0.revision) != .none
        }
        guard !reports.isEmpty else { return }
        try await journal.record(reports, of: folder)
        for report in reports { removals.reported(report.revision, by: folder) }
        settle()
    }

    /// The erases that the journal does not have down as removed.
    func pickUpErases(pending: Set<Revision>) async throws {
        for member in members.values { removals.update(counted(member)) }
        let erases = try await journal.unremoved()
        guard let first = erases.first, let last = erases.last else { return }
        let reports = try await journal.removals(of: first.revision...last.revision)
        let reported = Dictionary(grouping: reports, by: \.report.revision).mapValues { Set($0.map(\.folder)) }
        for entry in erases {
            removals.erased(
                entry.revision, size: entry.sizeBound, isCompleted: !pending.contains(entry.revision),
                reported: reported[entry.revision] ?? [])
        }
    }

    func countTombstones() async throws {
        var last = Revision.zero
        while case let entries = try await journal.entries(of: [.erase, .lift], after: last, limit: 1_000),
            let end = entries.last?.revision
        {
            for entry in entries { tombstones.note(entry.command) }
            last = end
        }
    }

    /// The member as erases have to do with it: while its leases are waited for, it is not forgotten yet.
    func counted(_ member: StoredMember) -> StoredMember {
        guard let expulsion = member.expulsion, forgetting[expulsion.revision] != nil else { return member }
        var member = member
        member.expulsion = nil
        return member
    }
}
