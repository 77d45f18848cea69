import Foundation
import Glibc
import ImageURL
import Synchronization
import Testing
import Vips
import WorkerProtocol
@testable import WorkerPool

/// With real processes.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct WorkerPoolTests {
    private static let soon = Duration.seconds(60)

    private func pool(
        workers: Int = 1, waitingJobs: Int = 16, observer: WorkerPoolObserver = WorkerPoolObserver()
    ) throws -> WorkerPool {
        try WorkerPool(
            configuration: WorkerPoolConfiguration(
                executable: try Fixtures.workerExecutable(), workers: workers, waitingJobs: waitingJobs),
            observer: observer)
    }

    private func transform(
        _ pool: WorkerPool, _ source: SourceImageBytes, _ recipe: String = "w-32", within time: Duration = soon
    ) async throws -> TransformedImage {
        try await pool.transform(source, recipe: recipe, formats: OutputPolicy(), deadline: .now + time)
    }

    @Test func makesAVariantAndLeavesNoProcessBehind() async throws {
        let pool = try pool(workers: 2)
        try await pool.start()
        let processes = pool.status.processes
        #expect(processes.count == 2)
        let image = try await transform(pool, try Fixtures.photo(), "w-64,h-32,q-70")
        #expect(image.format == .jpeg)
        #expect(image.contentType == "image/jpeg")
        #expect(image.width == 64)
        #expect(image.height == 32)
        #expect(image.sourceWidth == 320)
        #expect(image.cpuTime > .zero)
        #expect(Signature(bytes: image.bytes) == .image(.jpeg))
        await pool.shutdown()
        for process in processes {
            #expect(kill(process, 0) == -1 && errno == ESRCH)
        }
        await #expect(throws: TransformError.stopping) { try await transform(pool, try Fixtures.photo()) }
    }

    @Test func manyJobsAtOnceAllGetTheirOwnAnswer() async throws {
        let pool = try pool(workers: 2, waitingJobs: 200)
        try await pool.start()
        let source = try Fixtures.photo()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for width in 1...100 {
                group.addTask { try await transform(pool, source, "w-\(width)").width == width }
            }
            for try await isRight in group {
                #expect(isRight)
            }
        }
        await pool.shutdown()
    }

    @Test("What is wrong with the source is said, and the worker lives on")
    func sourceFaults() async throws {
        let pool = try pool()
        try await pool.start()
        let process = pool.status.processes
        let photo = try Fixtures.photoBytes()
        let cases: [([UInt8], TransformError)] = [
            (Array("hello, this is no image".utf8), .notAnImage),
            (Array("<!DOCTYPE html><html><body>Not found</body></html>".utf8), .unsupported("an HTML page")),
            (Array(photo.prefix(photo.count / 2)), .truncated("JPEG")),
            (Array(photo.prefix(100)) + [0xFF, 0xD9], .corrupt("JPEG")),
            (Fixtures.pngHeader(width: 60_000, height: 60_000), .tooLarge(.inputPixels, actual: 0, allowed: 0)),
        ]
        for (bytes, error) in cases {
            await #expect(throws: error) { try await transform(pool, try SourceImageBytes(bytes)) }
        }
        await #expect(throws: TransformError.internalError()) {
            try await transform(pool, try Fixtures.photo(), "no recipe")
        }
        #expect(throws: TransformError.notAnImage) { try SourceImageBytes([]) }
        #expect(try await transform(pool, try Fixtures.photo()).width == 32)
        #expect(pool.status.processes == process)
        await pool.shutdown()
    }

    @Test func aWorkerKilledAtWorkCostsItsOwnJobAndIsReplaced() async throws {
        let started = AsyncStream.makeStream(of: Int32.self)
        let pool = try pool(observer: WorkerPoolObserver(jobStarted: { started.continuation.yield($0) }))
        try await pool.start()
        let large = try Fixtures.photo(width: 2000, height: 2000)
        let photo = try Fixtures.photo()
        let slow = Task { await outcome { try await transform(pool, large, "f-avif") } }
        let next = Task { await outcome { try await transform(pool, photo) } }
        // Which of the two came first does not matter: the one at work fails, the other one is done by the new worker.
        let victim = await first(1, of: started.stream)[0]
        #expect(kill(victim, SIGKILL) == 0)
        let outcomes = [await slow.value, await next.value]
        #expect(outcomes.sorted() == ["ok", "worker-crashed"])
        #expect(try await transform(pool, try Fixtures.photo()).width == 32)
        #expect(!pool.status.processes.contains(victim))
        await pool.shutdown()
    }

    @Test func aJobOverItsDeadlineIsStoppedAndTheWorkerReplaced() async throws {
        let ended = AsyncStream.makeStream(of: String.self)
        let pool = try pool(observer: WorkerPoolObserver(workerEnded: { _, reason in ended.continuation.yield(reason) }))
        try await pool.start()
        await #expect(throws: TransformError.deadline) {
            try await transform(
                pool, try Fixtures.photo(width: 2000, height: 2000), "f-avif", within: .milliseconds(100))
        }
        #expect(await first(1, of: ended.stream) == ["signal 9"])
        #expect(try await transform(pool, try Fixtures.photo()).width == 32)
        await pool.shutdown()
    }

    @Test func aFullQueueRefusesAndACancelledJobMakesRoom() async throws {
        let ended = AsyncStream.makeStream(of: String.self)
        let pool = try pool(
            waitingJobs: 1, observer: WorkerPoolObserver(jobEnded: { ended.continuation.yield($0.outcome) }))
        try await pool.start()
        let photo = try Fixtures.photo()
        let large = try Fixtures.photo(width: 2000, height: 2000)
        let slow = Task { await outcome { try await transform(pool, large, "f-avif") } }
        try await until { pool.status.busy == 1 }
        let waiting = Task { await outcome { try await transform(pool, photo) } }
        try await until { pool.status.waitingJobs == 1 }
        let refused = await outcome { try await transform(pool, photo) }
        #expect(refused == "overloaded")
        waiting.cancel()
        let cancelled = await waiting.value
        #expect(cancelled == "cancelled")
        #expect(pool.status.busy == 1)
        let third = await outcome { try await transform(pool, photo) }
        #expect(third == "ok")
        let first = await slow.value
        #expect(first == "ok")
        #expect(await self.first(4, of: ended.stream) == ["overloaded", "cancelled", "ok", "ok"])
        await pool.shutdown()
    }

    @Test func aTaskCancelledBeforeItAsksNeverRuns() async throws {
        let pool = try pool()
        try await pool.start()
        let photo = try Fixtures.photo()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await transform(pool, photo)
        }
        await #expect(throws: TransformError.cancelled) { try await task.value }
        await pool.shutdown()
    }

    @Test func jobsOfEveryEndLeakNoDescriptor() async throws {
        let pool = try pool(workers: 2)
        try await pool.start()
        let photo = try Fixtures.photoBytes()
        let broken = Array(photo.prefix(photo.count / 2))
        func round() async throws {
            for _ in 0..<50 {
                _ = try await transform(pool, try SourceImageBytes(photo))
                _ = await outcome { try await transform(pool, try SourceImageBytes(broken)) }
            }
        }
        try await round()
        let processes = pool.status.processes
        let inWorkers = processes.map(Fixtures.descriptors(of:))
        let here = Fixtures.poolDescriptors()
        try await round()
        #expect(pool.status.processes == processes)
        // A worker holds 0 to 3, and for a moment after it answered the source and the result; nothing of this process.
        #expect((inWorkers + processes.map(Fixtures.descriptors(of:))).allSatisfy { $0 <= 4 + 2 })
        // The tests of the protocol beside this one have a few at a time; a leak would be a hundred.
        #expect(Fixtures.poolDescriptors() < here + 20)
        await pool.shutdown()
    }

    @Test func poolsThatComeAndGoLeakNothing() async throws {
        let here = Fixtures.poolDescriptors()
        for _ in 0..<20 {
            let pool = try pool()
            try await pool.start()
            await pool.shutdown()
        }
        #expect(Fixtures.poolDescriptors() < here + 20)
    }

    @Test func aWorkerThatCannotStartIsNamed() async throws {
        for executable in ["/nowhere/vignette-worker", "/bin/false"] {
            let pool = try WorkerPool(configuration: WorkerPoolConfiguration(executable: executable, workers: 2))
            let error = await #expect(throws: WorkerPoolError.self) { try await pool.start() }
            #expect(error?.description.contains(executable) == true)
            #expect(pool.status.processes == [])
        }
    }

    @Test func aWorkerThatIsNeverReadyFailsTheStart() async throws {
        let script = FileManager.default.temporaryDirectory.appending(path: "vignette-late-\(UUID().uuidString)")
        try Data("#!/bin/sh\nexec sleep 100\n".utf8).write(to: script)
        defer { try? FileManager.default.removeItem(at: script) }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
        let pool = try WorkerPool(
            configuration: WorkerPoolConfiguration(executable: script.path, startTimeout: .milliseconds(50)))
        let error = await #expect(throws: WorkerPoolError.self) { try await pool.start() }
        #expect(error?.description.contains("was not ready within 0.05 seconds") == true, "\(error?.description ?? "")")
        #expect(pool.status.processes == [])
    }

    @Test func aWorkerHasGivenUpWhatItDoesNotNeed() async throws {
        let pool = try pool()
        try await pool.start()
        let process = try #require(pool.status.processes.first)
        let status = try Fixtures.text("/proc/\(process)/status")
        #expect(status.contains("NoNewPrivs:\t1"))
        let limits = try Fixtures.text("/proc/\(process)/limits")
        #expect(limits.contains(#/Max core file size +0 +0/#))
        #expect(limits.contains(#/Max address space +4294967296 +4294967296/#))
        #expect(limits.contains(#/Max open files +64 +64/#))
        let environment = try Fixtures.text("/proc/\(process)/environ").split(separator: "\0")
        let names = Set(environment.map { $0.prefix { $0 != "=" } })
        #expect(
            names.isSubset(of: [
                "PATH", "HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "FONTCONFIG_PATH", "LC_ALL", "VIPS_CONCURRENCY",
                "SWIFT_BACKTRACE",
            ]))
        await pool.shutdown()
    }

    // Swift 6.3.1's optimiser crashes when it inlines these loops and catches into a test.

    @inline(never)
    private func first<Element: Sendable>(_ count: Int, of stream: AsyncStream<Element>) async -> [Element] {
        var elements: [Element] = []
        for await element in stream {
            elements.append(element)
            if elements.count == count { break }
        }
        return elements
    }

    @inline(never)
    private func outcome(_ work: () async throws -> TransformedImage) async -> String {
        do {
            _ = try await work()
            return "ok"
        } catch {
            return (error as? TransformError)?.label ?? "\(error)"
        }
    }

    /// The suite's time limit ends it where the condition never comes.
    @inline(never)
    private func until(_ condition: () -> Bool) async throws {
        while !condition() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
