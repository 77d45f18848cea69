import CacheProtocol
import Logging
import NodeAgent
import Synchronization

/// The journal's side as a script: answers each request by a closure and keeps what was asked.
final class ScriptedLink: JournalLink {
    private let answer: @Sendable (Int, FollowRequest) async throws -> FollowAnswer
    let requests = Mutex<[FollowRequest]>([])
    let reports: AsyncStream<NodeReport>
    private let feed: AsyncStream<NodeReport>.Continuation

    init(_ answer: @escaping @Sendable (Int, FollowRequest) async throws -> FollowAnswer) {
        self.answer = answer
        (reports, feed) = AsyncStream.makeStream()
    }

    func follow(_ request: FollowRequest) async throws -> FollowAnswer {
        let number = requests.withLock { requests in
            requests.append(request)
            return requests.count
        }
        return try await answer(number, request)
    }

    func report(_ report: NodeReport) async throws {
        feed.yield(report)
    }

    static func agent(_ folder: DataFolder, _ link: any JournalLink, ruleLimit: Int = 250_000) throws -> NodeAgent {
        try NodeAgent(
            configuration: NodeAgentConfiguration(name: "n", role: .edge, ruleLimit: ruleLimit), folder: folder, link: link,
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}

/// A journal that answers as an origin would: what follows what was applied, and a grant when one is wanted.
final class ScriptedJournal: Sendable {
    let history: History
    /// Entries through this one are kept as a snapshot alone.
    let floor: Revision
    private let applied = Mutex<(Revision, [CheckedContinuation<Void, Never>])>((.zero, []))
    let removals = Mutex<[RemovalReport]>([])
    private let questions: Mutex<[NodeQuestion]>

    init(_ history: History, floor: Revision = .zero, questions: [NodeQuestion] = []) {
        self.history = history
        self.floor = floor
        self.questions = Mutex(questions)
    }

    var head: Revision { history.entries.last?.revision ?? .zero }

    func answer(_ request: FollowRequest) async throws -> FollowAnswer {
        guard request.journal == history.id else { return .startOver(history.id) }
        removals.withLock { $0 += request.removals }
        acknowledge(request)
        guard !request.leaves else { return .news(FollowNews()) }
        if request.applied >= head, !request.wantsGrant, request.removals.isEmpty { try await heldOpen() }
        var news = FollowNews(questions: questions.withLock { questions in
            defer { questions = [] }
            return questions
        })
        var from = request.applied
        if from < floor {
            news.snapshot = history.snapshot(through: floor)
            news.erasures = history.entries.filter { $0.revision > from && $0.revision <= floor }.compactMap { Erasure($0) }
            from = floor
        }
        news.entries = history.entries.filter { $0.revision > from }
        if request.wantsGrant { news.grant = Grant(head: head, duration: 60_000) }
        return .news(news)
    }

    private func acknowledge(_ request: FollowRequest) {
        let due = applied.withLock { state in
            state.0 = max(state.0, request.applied)
            guard state.0 >= head, !state.1.isEmpty else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.1 = [] }
            return state.1
        }
        for waiter in due { waiter.resume() }
    }

    /// Returns once the node has acknowledged everything.
    func acknowledged() async {
        await withCheckedContinuation { continuation in
            let isThere = applied.withLock { state in
                if state.0 >= head { return true }
                state.1.append(continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
