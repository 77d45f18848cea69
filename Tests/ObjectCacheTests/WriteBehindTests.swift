import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// What waits to be written holds no more memory than it may.
@Suite(.timeLimit(.minutes(2)))
struct WriteBehindTests {
    @Test func whatHasBeenWrittenIsLetGoOfBeforeTheNext() async throws {
        let (folder, journal, disk) = (TemporaryFolder(inMemory: true), TestJournal(), SlowDisk())
        let cache = try ObjectCache(
            configuration: ObjectCacheConfiguration(folder: folder.path, diskBytes: 4 << 20, memoryBytes: 0),
            rules: journal.rules, expecting: [], changes: FileChanges { disk.hear($0) }, report: { _ in })
        // The first holds the writer up, so that it takes the others together.
        for number in 0..<5 {
            cache.store(CacheKey(number), metadata(number), body: body(number, size: 9_000))
            if number == 0 { await disk.isAsked() }
            cache.core.shard(CacheKey(number)).index.withLock { index in
                disk.watch(index.find(CacheKey(number)).flatMap { index.record($0) })
            }
        }
        disk.answer()
        await cache.flush()
        #expect(disk.held == [1, 1, 1, 1, 1], "of those that were written so far, and of itself")
        await cache.shutdown()
    }
}

/// Waits in the first record that is written, and counts at each what is in memory of it and those before it.
private final class SlowDisk: Sendable {
    private struct Weak {
        weak var record: CachedRecord?
    }

    private struct State {
        var records: [Weak] = []
        var held: [Int] = []
    }

    private let state = Mutex(State())
    private let (asked, ask) = AsyncStream<Void>.makeStream()
    private let answers = DispatchSemaphore(value: 0)

    var held: [Int] { state.withLock { $0.held } }

    func watch(_ record: CachedRecord?) { state.withLock { $0.records.append(Weak(record: record)) } }

    func isAsked() async { for await _ in asked { return } }

    func answer() { answers.signal() }

    func hear(_ change: FileChange) {
        guard case .write(let bytes, _, _) = change, bytes.count > 9_000 else { return }
        if held.isEmpty {
            ask.yield()
            answers.wait()
        }
        state.withLock { state in
            let written = state.records.prefix(state.held.count + 1)
            state.held.append(written.filter { $0.record != nil }.count)
        }
    }
}
