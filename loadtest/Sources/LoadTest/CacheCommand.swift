public import ArgumentParser
import Foundation
public import LoadGenerator

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Measures the disk cache alone: hit ratios, look-ups, memory, restarts.",
        discussion: """
            No network and no cluster. Parts: ratio (hit ratios beside references, and bytes written), speed (look-ups by one \
            thread and by several), scale (memory, fills, checkpoints and restarts by the number of objects). Exit status: \
            0 done, 1 could not run.
            """
    )

    @Flag(help: "Everything small: shows that it works, and nothing about speed.")
    var quick = false

    @Option(name: .customLong("part"), help: "Measure this part; repeat it for several. Default: all.")
    var parts: [CachePlan.Part] = []

    @Option(help: "Where caches are made and removed again; default: the folder for temporary files.")
    var folder: String?

    @Option(help: "Decides what is asked for.")
    var seed: UInt64?

    @Option(name: .customLong("zipf"), help: "The exponent of popularity.")
    var zipfExponent: Double?

    @Option(help: "Of ratio: different objects.")
    var catalogue: Int?

    @Option(help: "Of ratio: how often they are asked for.")
    var accesses: Int?

    @Option(name: .customLong("share"), help: "Of ratio: the cache's limit as a share of all bytes; repeat it for several.")
    var cacheShares: [Double] = []

    @Option(help: "Of speed: objects.")
    var speedObjects: Int?

    @Option(help: "Of speed: seconds for each figure.")
    var seconds: Double?

    @Option(help: "Of speed: up to so many threads. Default: twice the cores.")
    var threads: Int?

    @Option(help: "Of scale: how many objects; repeat it for several.")
    var objects: [Int] = []

    @Option(name: .customLong("json"), help: "Write the result to this file.")
    var jsonPath: String?

    @Option(name: .customLong("svg"), help: "Of scale: draw the growth of each figure into this file.")
    var chartPath: String?

    @Flag(name: .shortAndLong, help: "No progress lines.")
    var quiet = false

    func run() async throws {
        let isQuiet = quiet
        do {
            let report = try await CacheRun(plan, folder: folder) { line in
                if !isQuiet { FileHandle.standardError.write(Data((line + "\n").utf8)) }
            }.run()
            if let jsonPath { try report.json().write(to: URL(fileURLWithPath: jsonPath), options: .atomic) }
            if let chartPath, let chart = report.growthChart {
                try Data(chart.utf8).write(to: URL(fileURLWithPath: chartPath), options: .atomic)
            }
            FileHandle.standardOutput.write(Data(report.table.utf8))
        } catch {
            throw CacheCommand.failure(error)
        }
    }

    private var plan: CachePlan {
        var plan = quick ? CachePlan.quick : CachePlan()
        if !parts.isEmpty { plan.parts = parts }
        if !cacheShares.isEmpty { plan.cacheShares = cacheShares }
        if !objects.isEmpty { plan.objects = objects }
        plan.seed = seed ?? plan.seed
        plan.zipfExponent = zipfExponent ?? plan.zipfExponent
        plan.catalogue = catalogue ?? plan.catalogue
        plan.accesses = accesses ?? plan.accesses
        plan.speedObjects = speedObjects ?? plan.speedObjects
        plan.seconds = seconds ?? plan.seconds
        plan.threads = threads ?? plan.threads
        return plan
    }

    fileprivate static func failure(_ error: any Error) -> ExitCode {
        let text = (error as? LoadTestError)?.message ?? "\(error)"
        FileHandle.standardError.write(Data("vignette-loadtest: \(text)\n".utf8))
        return ExitCode(1)
    }
}

/// What `cache --part scale` runs as a process of its own.
struct CacheProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache-probe", abstract: "Fills or opens a cache folder, and writes what it took.", shouldDisplay: false)

    @Argument(help: "The cache's folder.")
    var folder: String

    @Option(help: "Objects that are, or are to be, in it.")
    var objects: Int

    @Option(help: "fill or open.")
    var task: CacheProbe.Task

    func run() async throws {
        do { try await CacheProbe(folder: folder, objects: objects, task: task).run() } catch { throw CacheCommand.failure(error) }
    }
}

extension CachePlan.Part: ExpressibleByArgument {}
extension CacheProbe.Task: ExpressibleByArgument {}
