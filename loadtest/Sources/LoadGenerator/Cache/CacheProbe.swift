internal import CacheProtocol
internal import Foundation
internal import Glibc
internal import ObjectCache

/// One step of `scale`, in a process of its own: its memory is the cache's, and it can be killed. Writes what it saw to standard
/// output.
public struct CacheProbe: Sendable {
    public enum Task: String, Sendable, CaseIterable {
        /// Fills an empty folder, and dies.
        case fill
        /// Opens a full one, writes a checkpoint, and ends.
        case open
    }

    struct Answer: Codable, Sendable {
        var residentGrowth = 0
        var indexBytes = 0
        /// Seconds of all fills.
        var fillSeconds = 0.0
        /// Milliseconds.
        var firstHit = 0.0
        var all = 0.0
        var misses = 0
        /// Nanoseconds.
        var diskHit = 0.0
        var checkpointMilliseconds = 0
        var checkpointBytes = 0
    }

    private let folder: String
    private let objects: Int
    private let task: Task
    private let subjects = CacheSubjects(seed: 1, longest: Self.bodyBytes)

    private static let bodyBytes = 64
    /// Blocks, and what dies while the folder is full.
    private static let roomPerObject = 700
    private static let fixedRoom = 128 << 20
    /// Little: what waits to be written is no part of the index, but of the process's memory.
    private static let writeBehindBytes = 1 << 20
    private static let warmingObjects = 100
    private static let asked = 1_000
    private static let timed = 100_000

    public init(folder: String, objects: Int, task: Task) {
        (self.folder, self.objects, self.task) = (folder, objects, task)
    }

    public func run() async throws {
        var answer = Answer()
        try await warmUp()
        let before = ProcessTable.residentBytes(of: getpid())
        let start = monotonicNow()
        let cache = try cache(in: folder)
        if task == .fill { answer.fillSeconds = try await fill(cache) } else { try wait(for: cache, since: start, &answer) }
        answer.misses = (0..<Self.asked).count { isMiss(numbered($0), in: cache) }
        answer.residentGrowth = ProcessTable.residentBytes(of: getpid()) - before
        answer.indexBytes = cache.statistics.indexBytes
        answer.diskHit = timeHits(cache)
        if task == .open {
            // One more object, or there would be nothing to write.
            _ = store(objects, in: cache)
            await cache.flush()
            let written = cache.statistics.bytesCheckpointed
            await cache.checkpoint()
            answer.checkpointMilliseconds = cache.statistics.lastCheckpointMilliseconds
            answer.checkpointBytes = cache.statistics.bytesCheckpointed - written
            await cache.shutdown()
        }
        FileHandle.standardOutput.write(try JSONEncoder().encode(answer))
        if task == .fill { kill(getpid(), SIGKILL) }
    }

    private func cache(in folder: String) throws -> ObjectCache {
        try ObjectCache(
            configuration: ObjectCacheConfiguration(
                folder: folder, diskBytes: objects * Self.roomPerObject + Self.fixedRoom, memoryBytes: 0,
                writeBehindBytes: Self.writeBehindBytes),
            rules: CacheSubjects.rules())
    }

    /// Code and the runtime's own memory are not what an object costs: all of it has been used before anything is measured.
    private func warmUp() async throws {
        let folder = folder + "-warm-up"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for _ in 0..<2 {
            let cache = try cache(in: folder)
            for number in 0..<Self.warmingObjects {
                _ = store(number, in: cache)
                _ = isMiss(number, in: cache)
            }
            await cache.shutdown()
        }
    }

    private func store(_ number: Int, in cache: ObjectCache) -> StoreResult {
        cache.store(subjects.key(number), subjects.metadata(number), body: subjects.body(Self.bodyBytes))
    }

    /// Some object's number.
    private func numbered(_ place: Int) -> Int {
        SeededDraws(seed: 2).index(below: objects, at: place, stream: 0)
    }

    private func isMiss(_ number: Int, in cache: ObjectCache) -> Bool {
        if case .hit = cache.lookup(subjects.key(number)) { false } else { true }
    }

    private func fill(_ cache: ObjectCache) async throws -> Double {
        let start = monotonicNow()
        for number in 0..<objects {
            // Or a fast disk would be killed before the first checkpoint, and a slow one after several.
            if number == objects / 10 * 9 { await cache.checkpoint() }
            while case .notStored(let reason) = store(number, in: cache) {
                guard reason == .overloaded else { throw LoadTestError(.noAnswer, "an object was not stored: \(reason)") }
                await cache.flush()
            }
        }
        await cache.flush()
        return Double(monotonicNow() - start) / 1e9
    }

    private func wait(for cache: ObjectCache, since start: UInt64, _ answer: inout Answer) throws {
        func elapsed() -> Double { Double(monotonicNow() - start) / 1e6 }
        while isMiss(objects / 2, in: cache) {
            guard elapsed() < 600_000 else { throw LoadTestError(.noAnswer, "an object was not found again after a restart") }
            usleep(100)
        }
        answer.firstHit = elapsed()
        while cache.statistics.objects < objects {
            guard elapsed() < 600_000 else { throw LoadTestError(.noAnswer, "not all objects were found again after a restart") }
            usleep(100)
        }
        answer.all = elapsed()
    }

    private func timeHits(_ cache: ObjectCache) -> Double {
        let keys = (0..<min(Self.timed, objects * 2)).map { subjects.key(numbered($0)) }
        // Once before, so that the pages are there.
        for key in keys { _ = cache.lookup(key) }
        let start = monotonicNow()
        for key in keys { _ = cache.lookup(key) }
        return Double(monotonicNow() - start) / Double(keys.count)
    }

    /// In a process of its own.
    static func run(_ task: Task, folder: String, objects: Int) throws -> Answer {
        let process = Process()
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        process.executableURL = URL(fileURLWithPath: own)
        process.arguments = ["cache-probe", folder, "--objects", String(objects), "--task", task.rawValue]
        let output = Pipe()
        process.standardOutput = output
        do { try process.run() } catch { throw LoadTestError(.scenario, "can't run a process of its own: \(reason(error))") }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard let answer = try? JSONDecoder().decode(Answer.self, from: bytes) else {
            throw LoadTestError(.noAnswer, "a probe with \(Format.count(objects)) objects ended without an answer")
        }
        return answer
    }
}
