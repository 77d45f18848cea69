import CacheProtocol
import ImageURL
import Journal
import NodeAgent
import ObjectCache
import ServiceLifecycle
import Synchronization
import Telemetry
import WorkerPool

/// What has to be there before an origin may be sent requests.
final class OriginReadiness: Sendable {
    private let agent: NodeAgent
    private let listeners = Atomic<Int>(0)
    private let workersAreReady = Atomic<Bool>(false)

    init(agent: NodeAgent) {
        self.agent = agent
    }

    func listens() {
        listeners.add(1, ordering: .releasing)
    }

    func workersReady() {
        workersAreReady.store(true, ordering: .releasing)
    }

    var now: Readiness {
        guard listeners.load(ordering: .acquiring) == 2 else { return .notReady(reason: "the listeners are being opened") }
        guard workersAreReady.load(ordering: .acquiring) else { return .notReady(reason: "the workers are warming up") }
        guard agent.lease.mayAnswer(at: .now()) else { return .notReady(reason: "this node holds no lease") }
        return .ready
    }
}

struct AgentService: Service {
    let agent: NodeAgent
    let caches: OriginCaches
    let configuration: CurrentConfiguration

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await agent.run(
                NodeAgentHooks(
                    emptyCaches: { try await caches.removeAll() },
                    configure: { applied in
                        try configuration.follow(applied)
                        agent.setShortestLease(configuration.value?.served.shortestLease ?? .max)
                        return applied.revision
                    },
                    raiseFloor: { try await caches.raiseFloor(to: $0) },
                    sweep: { await caches.sweep() },
                    expect: { caches.expect($0) },
                    destroy: { try await caches.destroy($0) },
                    records: { try await caches.records(of: $0) }))
        }
    }
}

struct DeskService: Service {
    let desk: CommandDesk

    func run() async throws {
        try? await gracefulShutdown()
        await desk.stop()
    }
}

struct CachesService: Service {
    let caches: OriginCaches

    func run() async throws {
        try? await gracefulShutdown()
        await caches.shutdown()
    }
}

struct WorkersService: Service {
    let workers: WorkerPool
    let readiness: OriginReadiness

    func run() async throws {
        try await workers.start()
        readiness.workersReady()
        try? await gracefulShutdown()
        await workers.shutdown()
    }
}
