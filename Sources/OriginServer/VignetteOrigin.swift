import CacheProtocol
import Curl
import Foundation
import Hummingbird
import ImageURL
import Journal
import Logging
import NodeAgent
import ObjectCache
import SQLStore
import ServiceLifecycle
import SourceStorage
import Telemetry
import UnixSignals
import WorkerPool

/// `vignette-origin --config FILE`
@main
struct VignetteOrigin {
    static func main() async {
        guard CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--config" else {
            FileHandle.standardError.write(Data("usage: vignette-origin --config FILE\n".utf8))
            exit(2)
        }
        do {
            try await run(try await OriginConfiguration(file: CommandLine.arguments[2]))
        } catch {
            FileHandle.standardError.write(Data("vignette-origin: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Puts an origin together, from the ground up, and runs it until it is told to end.
    private static func run(_ configuration: OriginConfiguration) async throws {
        let level = Logger.Level(rawValue: configuration.node.logLevel) ?? .info
        LoggingSystem.bootstrap { LogfmtHandler(label: $0, node: configuration.node.name, level: level) }
        let log = Logger(label: "vignette.origin")
        OpenFileLimit.raise()
        // What a node keeps is nobody else's to read.
        umask(0o077)
        let token = try configuration.node.token()
        let privateKey = try NodeSettings.secret(in: configuration.privateKeyFile, key: "keys.private-file")
        let metrics = OriginMetrics()

        // The journal, and this node's own part in the protocol.
        let folder = try DataFolder(path: configuration.node.dataFolder)
        let journal = try await SQLiteJournal(SQLiteConfiguration(path: configuration.node.dataFolder + "/journal.sqlite"))
        let ownLease = UInt64(configuration.leaseSeconds) * 1000
        let unknownLeases = try await journal.start(folder: folder.identity, life: folder.life, longest: ownLease)
        if let unknownLeases {
            log.warning(
                "the journal is not the one that this node had before: no command completes until every lease it may not know of has run out",
                metadata: ["seconds": "\(unknownLeases / 1000)"])
        }
        let desk = try await CommandDesk(
            journal: journal, configuration: CommandDeskConfiguration(lease: ownLease),
            leases: { EndpointLeases(ofDocument: $0) }, unknownLeases: unknownLeases)
        let agent = try NodeAgent(
            configuration: NodeAgentConfiguration(name: configuration.node.name, role: .origin), folder: folder,
            link: OwnDesk(desk: desk), log: log)

        // The configuration: the journal's, which begins with this node's own settings.
        let seeds = try SeedStorages(file: configuration.storagesFile)
        let storages = try StorageMaker(
            secrets: SecretFolder(path: configuration.secretsFolder, privateKey: privateKey, written: seeds.written))
        let seed = ConfigurationSeed(configuration: configuration, storages: storages, seeds: seeds)
        if let ordered = try await seed.plant(in: journal, desk) { seed.reportDifference(from: ordered, log) }
        let current = CurrentConfiguration(storages: storages, variantMaxAge: configuration.variantMaxAge, log: log)
        let office = ConfigurationOffice(desk: desk, agent: agent, storages: storages)

        // What it keeps, and who transforms.
        let caches = try OriginCaches(
            configuration, rules: agent.rules, expecting: agent.outstandingErasures, log: log)
        let workers = try WorkerPool(
            configuration: WorkerPoolConfiguration(
                executable: configuration.workerExecutable, workers: configuration.workerCount))
        let pipeline = OriginPipeline(
            configuration: current, agent: agent, caches: caches, sourceMaxAge: UInt32(clamping: configuration.sourceMaxAge),
            workers: workers, metrics: metrics, failures: FailureLog(log))
        agent.register(in: metrics.registry)
        caches.sources.register(in: metrics.registry, as: "sources")
        caches.variants.register(in: metrics.registry, as: "variants")

        // Who may ask: nodes with the token, people with the private key.
        let protocolRoutes = CacheProtocolRoutes(desk: desk, pipeline: pipeline, configuration: current)
        let intake = CommandIntake(desk: desk)
        let api = APIRoutes(
            commands: CommandRoutes(desk: desk, intake: intake), nodes: NodeRoutes(desk: desk, intake: intake),
            receipts: ReceiptRoutes(desk: desk, signer: try ReceiptKeyFile.open(inDataFolder: configuration.node.dataFolder)),
            configuration: ConfigurationRoutes(current: current, office: office, desk: desk))
        let readiness = OriginReadiness(agent: agent)
        let telemetry = TelemetryListener(
            configuration: TelemetryConfiguration(host: configuration.node.telemetry.host, port: configuration.node.telemetry.port),
            sources: TelemetrySources(
                metrics: { metrics.registry.prometheusText() }, ready: { readiness.now }))

        // Ended in the reverse order: the desk answers everybody who waits, so that the listeners drain at once; then the
        // node itself, its workers, and its caches at last.
        let services: [any Service] = [
            telemetry,
            CachesService(caches: caches),
            WorkersService(workers: workers, readiness: readiness),
            AgentService(agent: agent, caches: caches, configuration: current),
            Application(
                router: protocolRoutes.router(token: token),
                configuration: .init(
                    address: .hostname(configuration.cacheProtocol.host, port: configuration.cacheProtocol.port)),
                onServerRunning: { _ in readiness.listens() }, logger: log),
            Application(
                router: api.router(privateKey: privateKey),
                configuration: .init(address: .hostname(configuration.api.host, port: configuration.api.port)),
                onServerRunning: { _ in readiness.listens() }, logger: log),
            DeskService(desk: desk),
        ]
        let head = await desk.head
        log.info("the origin starts", metadata: ["data": "\(configuration.node.dataFolder)", "head": "\(head)"])
        try await ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: log
        ).run()
    }
}

/// The origin follows its own journal like everybody else, without a network between.
struct OwnDesk: JournalLink {
    let desk: CommandDesk

    func follow(_ request: FollowRequest) async throws -> FollowAnswer {
        try await desk.follow(request)
    }

    func report(_ report: NodeReport) async throws {
        await desk.report(report)
    }
}
