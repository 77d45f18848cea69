import Foundation
import Glibc
import TestPrograms
import Testing

/// A `vignette-cache-process`: a cache in a process of its own. Killed when the test lets it go, or a moment
/// later: who starts another on its folder calls `kill` first.
final class CacheChild: @unchecked Sendable {
    // @unchecked: commands are given one after the other, by the one test that has it.
    /// What it has counted since its start.
    struct Report: Decodable {
        var step, stored, hits, misses, wrong, old, notDurable, memoryHits, diskHits, recordsWritten: Int
        var writeFailures, readFailures, corruptions, storesUnwritten, storesWithoutRoom, storesOverloaded: Int
        var evictions, checkpoints, objects, diskBytes, diskLimit, diskEffectiveLimit, segments, recordsMoved: Int
        var recoveryMilliseconds: Int
        var incidents: [String]

        /// Objects that are not on the disk though it was asked to take them.
        var dropped: Int { storesUnwritten + storesWithoutRoom }

        /// Each kind of trouble that was told of, in the order of the telling.
        var kinds: [String] { incidents.map { String($0.prefix { $0 != ":" }) } }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let child: Child
    private let socket: CInt
    private var rest: [UInt8] = []
    private var isReaped = false
    /// The first report: the cache is open.
    private(set) var start: Report!  // set before `init` returns

    /// No command takes nearly as long, on the slowest of machines: a cache that does hangs.
    private static let patienceMilliseconds: CInt = 60_000

    /// - Parameter through: a program that starts it, with its arguments.
    init(
        _ folder: String, _ settings: [String], through launcher: [String] = [], environment: [String: String] = [:],
        waits: Bool = true
    ) async throws {
        let words = launcher + [try Self.program()]
        (child, socket) = try Self.spawn(words, ProcessInfo.processInfo.environment.merging(environment) { $1 })
        tell((["folder=\(folder)"] + settings).joined(separator: " "))
        if waits { start = try await answer() }
    }

    var pid: pid_t { child.pid }

    deinit {
        kill()
        close(socket)
    }

    /// With SIGKILL, and waits until it is gone.
    func kill() {
        guard !isReaped else { return }
        Glibc.kill(pid, SIGKILL)
        child.wait()
        isReaped = true
    }

    func signal(_ number: CInt) {
        Glibc.kill(pid, number)
    }

    /// What it had said before it ended.
    func lastWords() async -> [Report] {
        var reports: [Report] = []
        while let report = try? await answer() { reports.append(report) }
        return reports
    }

    func tell(_ command: String) {
        let bytes = Array((command + "\n").utf8)
        // A child that is gone shows when its answer is read.
        _ = send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    @discardableResult
    func ask(_ command: String) async throws -> Report {
        tell(command)
        return try await answer()
    }

    /// Steps until its report satisfies.
    func load(_ what: String, until isThere: (Report) -> Bool) async throws -> Report {
        let end = ContinuousClock.now + .milliseconds(Int(Self.patienceMilliseconds))
        while ContinuousClock.now < end {
            let report = try await ask("load 10")
            if isThere(report) { return report }
        }
        throw Failure(description: "never: \(what)")
    }

    /// The next line it says.
    func answer() async throws -> Report {
        let line = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try self.line() }) }
        }
        struct Refusal: Decodable { var refusal: String }
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: line) { throw Failure(description: refusal.refusal) }
        return try JSONDecoder().decode(Report.self, from: line)
    }

    private func line() throws -> Data {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeFirst(end + 1) }
                return Data(rest[..<end])
            }
            var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Self.patienceMilliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw Failure(description: "the cache's process \(pid) hangs") }
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let got = recv(socket, &piece, piece.count, 0)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw Failure(description: "the cache's process \(pid) has ended") }
            rest += piece[..<got]
        }
    }

    // MARK: Starting

    /// Beside the tests themselves.
    private static func program() throws -> String {
        let folder = ProcessInfo.processInfo.environment["VIGNETTE_BIN"].map { URL(filePath: $0) }
            ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let path = folder.appending(path: "vignette-cache-process").path
        return try #require(FileManager.default.isExecutableFile(atPath: path) ? path : nil, "no \(path)")
    }

    private static func spawn(_ words: [String], _ environment: [String: String]) throws -> (Child, CInt) {
        var ends: [CInt] = [0, 0]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Failure(description: "no socketpair: \(errno)") }
        defer { close(ends[1]) }
        do {
            return (try Child(words, environment: environment, input: ends[1]), ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }
}
