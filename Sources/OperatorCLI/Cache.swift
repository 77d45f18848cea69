import ArgumentParser
import Foundation
import ObjectCache

struct Cache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look into a cache's folder on this machine.", subcommands: [InspectCache.self])
}

struct InspectCache: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what lies in a cache's folder: segments, live and dead bytes, ages, damage.",
        discussion: """
            Reads only, and works on the folder of a running node. An edge's cache is DATA/cache, an origin's are \
            DATA/cache/sources and DATA/cache/variants. What a purge forbids but nobody has looked for yet counts as live.

            Exit status 1: something is damaged, or the folder is no cache's.
            """
    )

    @Argument(help: "The cache's folder.", completion: .directory)
    var folder: String

    @Flag(help: "Read every body and compare its checksum. Takes as long as the disk does.")
    var verify = false

    @Flag(help: "Read the index checkpoint only: at once, without ages and damage.")
    var quick = false

    @Flag(help: "One line for each segment.")
    var segments = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if verify, quick { throw ValidationError("--verify reads everything, --quick next to nothing: take one of them.") }
    }

    func run() async throws {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        let inspection: CacheInspection
        do {
            inspection = try CacheInspection(
                of: path, depth: verify ? .bodies : quick ? .index : .heads,
                now: Int64(Date().timeIntervalSince1970 * 1000), progress: progress)
        } catch {
            throw OperatorError(.file, error.description)
        }
        let report = CacheReport(inspection)
        if json {
            Console.standard.output(JSONText.of(report))
        } else {
            for line in report.lines(segments: segments) { Console.standard.output(line) }
        }
        if inspection.damagedRecords > 0 { throw ExitCode(Outcome.failed.rawValue) }
    }

    /// On a terminal, since a large cache takes minutes.
    private func progress(_ done: Int, _ all: Int) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let end = done == all ? "\r\u{1B}[K" : ""
        FileHandle.standardError.write(Data("\r\(done) of \(all) segments\(end)".utf8))
    }
}
