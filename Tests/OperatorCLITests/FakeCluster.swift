import Foundation
import Synchronization

@testable import OperatorCLI

/// The API's side as a script of answers, and what was asked of it.
final class FakeCluster: OperatorHTTP {
    enum Answer: Sendable {
        case json(Int, String)
        case silence
    }

    private struct State {
        var script: [Answer]
        var requests: [OperatorRequest] = []
    }

    private let state: Mutex<State>

    init(_ script: [Answer]) {
        state = Mutex(State(script: script))
    }

    var requests: [OperatorRequest] { state.withLock { $0.requests } }

    func send(_ request: OperatorRequest) async throws(OperatorError) -> OperatorResponse {
        // The last answer is given again and again.
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.script.count > 1 ? state.script.removeFirst() : state.script[0]
        }
        switch answer {
        case .json(let status, let body): return OperatorResponse(status: status, body: Array(body.utf8))
        case .silence: throw OperatorError(.unreachable, "Nobody listens on 127.0.0.1:8100.")
        }
    }
}

/// A console that a test reads.
final class Transcript: Sendable {
    private let lines = Mutex<(output: [String], notices: [String])>(([], []))

    var console: Console {
        Console(
            output: { line in self.lines.withLock { $0.output.append(line) } },
            notice: { line in self.lines.withLock { $0.notices.append(line) } }
        )
    }

    var output: String { lines.withLock { $0.output.joined(separator: "\n") } }
    var notices: String { lines.withLock { $0.notices.joined(separator: "\n") } }
}

extension ClusterFile {
    static let sample = ClusterFile(
        account: "demo", apiURL: "http://127.0.0.1:8100", privateKey: "private_x",
        nodes: [
            Node(name: "edge-1", role: "edge", readyURL: "http://127.0.0.1:8301/ready"),
            Node(name: "origin-1", role: "origin", readyURL: "http://127.0.0.1:8401/ready"),
        ]
    )
}
