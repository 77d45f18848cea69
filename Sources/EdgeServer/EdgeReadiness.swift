import CacheProtocol
import NodeAgent
import Synchronization
import Telemetry

/// What has to be there before an edge may be sent requests.
final class EdgeReadiness: Sendable {
    private enum Phase: UInt8 { case starting, listening, ending }

    private let agent: NodeAgent
    private let phase = Atomic<UInt8>(Phase.starting.rawValue)

    init(agent: NodeAgent) {
        self.agent = agent
    }

    func listens() {
        phase.store(Phase.listening.rawValue, ordering: .releasing)
    }

    /// A balancer must learn it before the listener closes.
    func ends() {
        phase.store(Phase.ending.rawValue, ordering: .releasing)
    }

    var now: Readiness {
        switch Phase(rawValue: phase.load(ordering: .acquiring)) {
        case .starting: .notReady(reason: "no origin has told what to serve yet")
        case .ending, nil: .notReady(reason: "this edge is shutting down")
        case .listening:
            agent.lease.mayAnswer(at: .now()) ? .ready : .notReady(reason: "this node holds no lease")
        }
    }
}
