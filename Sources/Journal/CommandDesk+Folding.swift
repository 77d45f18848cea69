public import CacheProtocol

extension CommandDesk {
    /// Folds the journal through the last revision that it may be folded through, but for the last `keeping` entries.
    ///
    /// Everything through it is completed; and what a node of before it has still to destroy can be told in one message.
    /// - Returns: through which revision the journal is folded now.
    @discardableResult
    public func fold(keeping: Int) async throws -> Revision {
        // Of two at a time the second would read what the first empties.
        while let folding { try? await folding.value }
        guard !isStopped else { throw JournalError.stopped }
        if let through = foldable(keeping: keeping) {
            let task = Task { [journal, configuration] in
                try await journal.compact(through: through, ruleLimit: configuration.snapshotRules)
            }
            folding = task
            defer { folding = nil }
            try await task.value
            snapshot = try await journal.snapshot()
        }
        return snapshot?.revision ?? .zero
    }

    func foldIfDue() {
        let now = clock.now().boot
        guard folding == nil, !isStopped, foldAgainAt <= now else { return }
        let folded = snapshot?.revision ?? .zero
        let whole = tail.head.revision.rawValue - folded.rawValue
        guard whole >= UInt64(configuration.wholeEntries + configuration.foldStep) else { return }
        // Whatever stands in the way now, a command that waits or a disk that fails, is not looked at again at once.
        foldAgainAt = now.advanced(byMilliseconds: 10_000)
        // What fails now is tried again then.
        Task { try await fold(keeping: configuration.wholeEntries) }
    }

    private func foldable(keeping: Int) -> Revision? {
        guard case let head = tail.head.revision.rawValue, head > UInt64(keeping) else { return nil }
        let open = [tracker.firstOpen, unrecorded.keys.min(), removals.firstBeyond(bytes: configuration.maxAnswer)]
        let through = open.compactMap { $0.map { $0.rawValue - 1 } }.reduce(head - UInt64(keeping), min)
        return through > (snapshot?.revision.rawValue ?? 0) ? Revision(rawValue: through) : nil
    }
}
