public import ArgumentParser
import Dispatch
import Foundation
import Glibc
public import LoadGenerator

struct HitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hits",
        abstract: "Measures what a cache hit costs an edge, beside a tuned nginx.",
        discussion: """
            Starts an origin, an edge and nginx in a network namespace of its own, so it needs root; and two cores, \
            nginx, wrk, h2load, slowhttptest, openssl, curl, iproute2 and util-linux, which loadtest/hits gets. \
            VIGNETTE_BIN names the folder of the executables, as for cluster/up. Parts: \
            cpu (CPU per hit), syscalls (system calls per hit), idle (memory of a connection that waits), \
            scale (CPU and latency of a hit with more loops, connections and objects), \
            overload (latency while more variants are asked for than can be made), \
            slow (latency while others are slow on purpose). \
            A part that breaks off is named; what else was measured is printed and written all the same. \
            Exit status: 0 done, whether goals are met or not; 1 could not run, a part broke off, or a request failed; \
            130 interrupted.
            """
    )

    @Flag(help: "Everything small: shows that it works, and nothing about speed.")
    var quick = false

    @Option(name: .customLong("part"), help: "Measure this part; repeat it for several. Default: all.")
    var parts: [HitsPlan.Part] = []

    @Option(
        name: .customLong("protocol"),
        help: "http1, tls (HTTP/1.1 over TLS 1.3) or http2 (over TLS 1.3); repeat it for several. Default: all.")
    var protocols: [HitProtocol] = []

    @Option(
        name: .customLong("size"),
        help: "Bytes of a body; repeat it for several. Default: 2048, 16384, 131072, 1048576.")
    var sizes: [Int] = []

    @Option(help: "Of each size, each with both servers.")
    var rounds: Int?

    @Option(help: "Seconds of one server in one round.")
    var seconds: Int?

    @Option(help: "Keep-alive connections of the load.")
    var connections: Int?

    @Option(help: "URLs of each size.")
    var objects: Int?

    @Option(help: "Of idle: connections.")
    var idleConnections: Int?

    @Option(
        name: .customLong("scale-objects"),
        help: "Of scale: cached objects; repeat it for several. Default: 1000, 10000, 100000; 1000000 takes long to fill.")
    var scaleObjects: [Int] = []

    @Option(name: .customLong("svg"), help: "Of overload: draw the latency of hits at each load into this file.")
    var chartPath: String?

    @Option(help: "The folder with the cluster's scripts up, down and node.")
    var tools = "cluster"

    @Option(name: .customLong("json"), help: "Write the result to this file.")
    var jsonPath: String?

    @Flag(name: .shortAndLong, help: "No progress lines.")
    var quiet = false

    @Option(help: .hidden)
    var outside: String?

    func run() async throws {
        let stop = RunStop()
        do {
            guard let outside else {
                let arguments = Array(CommandLine.arguments.dropFirst())
                try OwnNetwork.restart(arguments + ["--outside", OwnNetwork.name])
            }
            let signals = [SIGINT, SIGTERM, SIGHUP].map { Self.source(of: $0, stop) }
            defer { for source in signals { source.cancel() } }
            let isQuiet = quiet
            let run = try HitsRun(plan, outside: outside, stop: stop) { line in
                if !isQuiet { FileHandle.standardError.write(Data((line + "\n").utf8)) }
            }
            let report = try await OwnThread.run { try run.run() }
            // First of all: a path that can't be written costs no measurement.
            FileHandle.standardOutput.write(Data(report.table.utf8))
            if let jsonPath { try report.json().write(to: URL(fileURLWithPath: jsonPath), options: .atomic) }
            if let chartPath, let chart = report.overload?.chart {
                try Data(chart.utf8).write(to: URL(fileURLWithPath: chartPath), options: .atomic)
            }
            if stop.isStopped { throw ExitCode(130) }
            if !report.failures.isEmpty { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            let text = (error as? LoadTestError)?.message ?? error.localizedDescription
            FileHandle.standardError.write(Data("vignette-loadtest: \(text)\n".utf8))
            throw ExitCode(stop.isStopped ? 130 : 1)
        }
    }

    private static func source(of number: Int32, _ stop: RunStop) -> any DispatchSourceSignal {
        // The default action would end the process before the source is told.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { stop.stop() }
        source.activate()
        return source
    }

    private var plan: HitsPlan {
        var plan = quick ? HitsPlan.quick : HitsPlan()
        if !parts.isEmpty { plan.parts = parts }
        if !protocols.isEmpty { plan.protocols = protocols }
        if !sizes.isEmpty { plan.sizes = sizes }
        plan.rounds = rounds ?? plan.rounds
        plan.seconds = seconds ?? plan.seconds
        plan.connections = connections ?? plan.connections
        plan.objects = objects ?? plan.objects
        plan.idleConnections = idleConnections ?? plan.idleConnections
        if !scaleObjects.isEmpty { plan.scale.objects = scaleObjects }
        plan.tools = tools
        return plan
    }
}

extension HitsPlan.Part: ExpressibleByArgument {}
extension HitProtocol: ExpressibleByArgument {}
