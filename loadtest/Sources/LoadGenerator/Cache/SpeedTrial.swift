internal import CacheProtocol
internal import Foundation
internal import ObjectCache

/// What a look-up costs one thread, and what several reach together.
struct SpeedTrial {
    private let plan: CachePlan
    private let folder: String
    private let tell: @Sendable (String) -> Void
    private let subjects: CacheSubjects
    /// What each thread asks for, again and again.
    private let numbers: [[Int]]
    private let keys: [[CacheKey]]

    private static let bodyBytes = 2_048
    /// What a record takes on the disk and in memory beside its body, and more.
    private static let overhead = 1_024
    /// Of what a thread asks for, at most.
    private static let sequenceLength = 1 << 18
    /// Operations between two looks at the clock.
    private static let step = 256

    init(_ plan: CachePlan, folder: String, tell: @escaping @Sendable (String) -> Void) {
        (self.plan, self.folder, self.tell) = (plan, folder, tell)
        let subjects = CacheSubjects(seed: plan.seed, longest: Self.bodyBytes)
        let zipf = ZipfSampler(count: plan.speedObjects, exponent: plan.zipfExponent)
        let length = min(Self.sequenceLength, plan.speedObjects * 4)
        numbers = (0..<plan.threads).map { thread in
            let draws = SeededDraws(seed: plan.seed &+ UInt64(thread))
            return (0..<length).map { zipf.rank(for: draws.bits(at: $0, stream: 11)) }
        }
        keys = numbers.map { $0.map { subjects.key($0) } }
        self.subjects = subjects
    }

    func run() async throws -> [CacheReport.Speed] {
        var results: [CacheReport.Speed] = []
        for eviction in EvictionPolicy.allCases {
            tell("\(Format.count(plan.speedObjects)) objects, \(eviction.rawValue)")
            results.append(try await run(eviction))
        }
        return results
    }

    private func run(_ eviction: EvictionPolicy) async throws -> CacheReport.Speed {
        let path = folder + "/speed"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = plan.speedObjects * (Self.bodyBytes + Self.overhead) * 2 + (64 << 20)
        func open(memoryBytes: Int) throws -> ObjectCache {
            try ObjectCache(
                configuration: ObjectCacheConfiguration(
                    folder: path, diskBytes: bytes, memoryBytes: memoryBytes, eviction: eviction),
                rules: CacheSubjects.rules())
        }
        let warm = try open(memoryBytes: bytes)
        for number in 0..<plan.speedObjects {
            while case .notStored(.overloaded) = store(number, in: warm) { await warm.flush() }
        }
        await warm.flush()
        let present = keys[0]
        let memoryHit = try await nanoseconds(present, in: warm, expecting: true)
        let absent = numbers[0].map { subjects.key(plan.speedObjects + $0) }
        let miss = try await nanoseconds(absent, in: warm, expecting: false)
        var mixed: [CacheReport.Speed.Threads] = []
        var threads = 1
        while threads <= plan.threads {
            mixed.append(try await mix(threads, in: warm))
            threads *= 2
        }
        await warm.shutdown()
        let cold = try open(memoryBytes: 0)
        // Once: what is checked at the first read after a start is checked.
        for key in present { _ = cold.lookup(key) }
        let diskHit = try await nanoseconds(present, in: cold, expecting: true)
        await cold.shutdown()
        return CacheReport.Speed(
            eviction: eviction.rawValue, objects: plan.speedObjects, memoryHit: memoryHit, diskHit: diskHit, miss: miss,
            mixed: mixed)
    }

    private func store(_ number: Int, in cache: ObjectCache) -> StoreResult {
        cache.store(subjects.key(number), subjects.metadata(number), body: subjects.body(Self.bodyBytes))
    }

    /// Of one look-up, on one thread.
    private func nanoseconds(_ keys: [CacheKey], in cache: ObjectCache, expecting isHit: Bool) async throws -> Double {
        let seconds = plan.seconds
        let (time, count, others) = try await OwnThread.run {
            var (place, count, others) = (0, 0, 0)
            let start = monotonicNow()
            let end = start + LoadGenerator.nanoseconds(seconds)
            var now = start
            while now < end {
                for _ in 0..<Self.step {
                    switch cache.lookup(keys[place]) {
                    case .hit: if !isHit { others += 1 }
                    case .miss: if isHit { others += 1 }
                    }
                    place = place + 1 == keys.count ? 0 : place + 1
                }
                count += Self.step
                now = monotonicNow()
            }
            return (now - start, count, others)
        }
        guard others == 0 else {
            throw LoadTestError(.noAnswer, "\(others) look-ups were not the \(isHit ? "hits" : "misses") expected")
        }
        return Double(time) / Double(count)
    }

    private func mix(_ threads: Int, in cache: ObjectCache) async throws -> CacheReport.Speed.Threads {
        let before = cache.statistics
        let start = monotonicNow()
        let end = start + LoadGenerator.nanoseconds(plan.seconds)
        let operations = try await withThrowingTaskGroup(of: Int.self) { group in
            for (numbers, keys) in zip(numbers, keys).prefix(threads) {
                group.addTask {
                    try await OwnThread.run {
                        var (place, count) = (0, 0)
                        while monotonicNow() < end {
                            for step in 0..<Self.step {
                                // Every twentieth.
                                if (step + count) % 20 == 0 {
                                    _ = store(numbers[place], in: cache)
                                } else {
                                    _ = cache.lookup(keys[place])
                                }
                                place = place + 1 == keys.count ? 0 : place + 1
                            }
                            count += Self.step
                        }
                        return count
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        let seconds = Double(monotonicNow() - start) / 1e9
        await cache.flush()
        let after = cache.statistics
        let (stored, refused) = (after.stores - before.stores, after.storesOverloaded - before.storesOverloaded)
        return CacheReport.Speed.Threads(
            threads: threads, operationsPerSecond: (Double(operations) / seconds).rounded(),
            storedShare: Double(stored) / Double(max(stored + refused, 1)))
    }
}
