public import CacheProtocol

/// What nodes said to a question.
public struct NodeAnswers: Hashable, Sendable {
    /// By name.
    public var reports: [NodeReport]
    /// Members that did not answer, by name: what they keep is not known.
    public var silent: [NodeIdentity]

    public init(reports: [NodeReport], silent: [NodeIdentity]) {
        self.reports = reports
        self.silent = silent
    }
}

extension CommandDesk {
    /// Asks every member which records of these sources it keeps. Whoever holds no lease is not waited for.
    /// - Parameter timeout: milliseconds.
    /// - Throws: `JournalError.stopped`, `CancellationError`.
    public func ask(_ sources: [SourceIdentity], timeout: UInt64) async throws -> NodeAnswers {
        guard !isStopped else { throw JournalError.stopped }
        let asked = members.values.filter { !$0.isExpelled }.map(\.node)
        let live = Set(tracker.members(at: clock.now().boot).map(\.node.folder))
        let id = UInt64.random(in: 1 ... .max)
        questions.ask(id, sources, of: asked.map(\.folder).filter(live.contains))
        waiting.resume { wait, _ in if case .news = wait { true } else { false } }
        let deadline = clock.now().boot.advanced(byMilliseconds: min(timeout, Self.longestWait))
        while !questions.isAnswered(id), !isStopped, !Task.isCancelled, clock.now().boot < deadline {
            await wait(for: .answers(id), until: deadline)
        }
        let reports = questions.close(id)
        try Task.checkCancellation()
        let answered = Set(reports.map(\.node.folder))
        return NodeAnswers(
            reports: reports.sorted { ($0.node.name, $0.node.folder) < ($1.node.name, $1.node.folder) },
            silent: asked.filter { !answered.contains($0.folder) }.sorted { ($0.name, $0.folder) < ($1.name, $1.folder) })
    }

    /// A node's answer. One that nobody waits for is passed over.
    public func report(_ report: NodeReport) {
        guard questions.take(report) else { return }
        waiting.resume { wait, _ in wait == .answers(report.question) }
    }
}
