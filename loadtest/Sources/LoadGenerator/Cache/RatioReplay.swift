internal import CacheProtocol
internal import Foundation
internal import ObjectCache

/// Replays one sequence of accesses through caches of several sizes and policies. Every miss is filled, and waited for until it
/// is on the disk, so that the result depends on the seed alone.
struct RatioReplay {
    private let plan: CachePlan
    private let folder: String
    private let tell: @Sendable (String) -> Void
    private let web: WebSizes
    private let subjects: CacheSubjects
    private let limits: [(share: Double, bytes: Int)]
    private let accesses: [UInt32]

    /// A cache refuses to be smaller.
    private static let leastLimit = 1 << 20

    init(_ plan: CachePlan, folder: String, tell: @escaping @Sendable (String) -> Void) {
        (self.plan, self.folder, self.tell) = (plan, folder, tell)
        let draft = WebSizes(count: plan.catalogue, seed: plan.seed, limit: .max)
        let total = draft.total
        limits = plan.cacheShares.map { ($0, max(Int(Double(total) * $0), Self.leastLimit)) }
        // What the smallest cache takes, so that all of them are asked for the same.
        let limit = (limits.map(\.bytes).min() ?? Self.leastLimit) / 8 - 4_096
        web = WebSizes(count: plan.catalogue, seed: plan.seed, limit: limit)
        subjects = CacheSubjects(seed: plan.seed, longest: web.sizes.max() ?? 0)
        let zipf = ZipfSampler(count: plan.catalogue, exponent: plan.zipfExponent)
        let draws = SeededDraws(seed: plan.seed)
        accesses = (0..<plan.accesses).map { UInt32(zipf.rank(for: draws.bits(at: $0, stream: 10))) }
    }

    /// Median, 90th and 99th percentile.
    var sizes: [Int] { [0.5, 0.9, 0.99].map(web.percentile) }

    func run() async throws -> [CacheReport.Ratio] {
        var results: [CacheReport.Ratio] = []
        for (share, limit) in limits {
            let ideal = ideal(limit)
            for admission in AdmissionPolicy.allCases {
                for eviction in EvictionPolicy.allCases {
                    tell("""
                        \(Format.count(plan.accesses)) accesses, \(Format.bytes(Double(limit))), \(eviction.rawValue), \
                        \(admission.rawValue)
                        """)
                    var result = try await replay(eviction, admission, limit)
                    (result.share, result.idealHitRatio) = (share, ideal)
                    results.append(result)
                }
            }
        }
        return results
    }

    private func ideal(_ limit: Int) -> Double {
        var cache = IdealCache(below: plan.catalogue, limit: limit)
        var hits = 0
        for (place, number) in accesses.enumerated() where cache.ask(Int(number), sizes: web.sizes) && place >= accesses.count / 2 {
            hits += 1
        }
        return Double(hits) / Double(accesses.count - accesses.count / 2)
    }

    private func replay(
        _ eviction: EvictionPolicy, _ admission: AdmissionPolicy, _ limit: Int
    ) async throws -> CacheReport.Ratio {
        let path = folder + "/ratio"
        let cache = try ObjectCache(
            configuration: ObjectCacheConfiguration(
                folder: path, diskBytes: limit, memoryBytes: 0, eviction: eviction, admission: admission),
            rules: CacheSubjects.rules())
        defer { try? FileManager.default.removeItem(atPath: path) }
        var reference = eviction == .lru && admission == .always ? RecencyList(below: plan.catalogue) : nil
        var (hits, referenceHits, deviations, failed, filled, greatestDead) = (0, 0, 0, 0, 0, 0)
        var (lateHits, lateHitBytes, lateBytes) = (0, 0, 0)
        var evictions = 0
        let start = monotonicNow()
        for (place, access) in accesses.enumerated() {
            let (number, key) = (Int(access), subjects.key(Int(access)))
            let size = web.sizes[number]
            let isLate = place >= accesses.count / 2
            if isLate { lateBytes += size }
            let isExpected = reference?.contains(number) ?? false
            if isExpected { referenceHits += 1 }
            if case .hit = cache.lookup(key) {
                hits += 1
                if isLate { (lateHits, lateHitBytes) = (lateHits + 1, lateHitBytes + size) }
                if !isExpected { deviations += 1 }
                reference?.use(number)
                continue
            }
            if isExpected { deviations += 1 }
            filled += size
            switch cache.store(key, subjects.metadata(number), body: subjects.body(size)) {
            case .stored: break
            case .notStored(.firstRequest): continue
            case .notStored:
                failed += 1
                continue
            }
            await cache.flush()
            let now = cache.statistics
            reference?.use(number)
            for _ in evictions..<now.evictions { _ = reference?.removeOldest() }
            evictions = now.evictions
            greatestDead = max(greatestDead, now.deadBytes)
        }
        let seconds = Double(monotonicNow() - start) / 1e9
        await cache.shutdown()
        let end = cache.statistics
        let written = end.bytesWritten + end.bytesMoved + end.bytesCheckpointed
        return CacheReport.Ratio(
            eviction: eviction.rawValue, admission: admission.rawValue, diskBytes: limit, share: 0, hits: hits,
            referenceHits: reference == nil ? nil : referenceHits, deviations: reference == nil ? nil : deviations,
            hitRatio: Double(lateHits) / Double(accesses.count - accesses.count / 2),
            byteHitRatio: Double(lateHitBytes) / Double(max(lateBytes, 1)), idealHitRatio: 0, evictions: end.evictions,
            storesNotAdmitted: end.storesNotAdmitted, storesFailed: failed + end.storesWithoutRoom, filledBytes: filled,
            recordBytes: end.bytesWritten, movedBytes: end.bytesMoved, checkpointBytes: end.bytesCheckpointed,
            writtenPerFilled: Double(written) / Double(max(filled, 1)),
            greatestDeadShare: Double(greatestDead) / Double(limit), lastDeadShare: Double(end.deadBytes) / Double(limit),
            seconds: seconds)
    }
}
