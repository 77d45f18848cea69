import CacheProtocol
import Foundation
import ObjectCache
import Testing

@testable import OperatorCLI

/// What an operator reads of a cache's folder.
@Suite(.timeLimit(.minutes(5))) struct CacheReportTests {
    private static let now: Int64 = 1_900_000_000_000

    /// Four objects of 10,000 bytes, one of them removed; one is two days old.
    private func folder() async throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/vignette-report-\(UUID().uuidString)"
        let rules = RuleBook(RuleTable(journal: .random()))
        let cache = try ObjectCache(configuration: ObjectCacheConfiguration(folder: path, diskBytes: 4 << 20), rules: rules)
        for number in 0..<4 as Range<UInt64> {
            let metadata = ObjectMetadata(
                contentType: "image/webp", entityTag: "\"\(number)\"", bornAt: Self.now - (number == 0 ? 2 * 86_400_000 : 1_000),
                freshness: Freshness(maxAge: 60), fillRevision: .zero,
                scope: ObjectScope(
                    sources: [SourceIdentity(storage: "s", key: "\(number)")], url: Digest128(high: 1, low: number), site: ""))
            let key = CacheKey(Digest128(high: number, low: number))
            cache.store(key, metadata, body: SharedBytes([UInt8](repeating: UInt8(number), count: 10_000)))
        }
        await cache.flush()
        cache.remove(CacheKey(Digest128(high: 3, low: 3)))
        await cache.shutdown()
        return path
    }

    private func report(_ path: String, _ depth: CacheInspection.Depth) throws -> CacheReport {
        CacheReport(try CacheInspection(of: path, depth: depth, now: Self.now))
    }

    @Test func aHealthyFolder() async throws {
        let path = try await folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let lines = try report(path, .bodies).lines(segments: true)
        #expect(lines.contains("  held by    nobody"))
        #expect(lines.contains("  state      never emptied"))
        #expect(lines.contains { $0.hasPrefix("  index      3 objects in ") && $0.hasSuffix("a start reads 0 B beyond it") })
        #expect(lines.contains { $0.hasPrefix("  live       3 objects, 29.") && $0.hasSuffix(" KiB") })
        #expect(lines.contains { $0.hasPrefix("  dead       9.") && $0.hasSuffix(" KiB, 25 %") })
        #expect(lines.contains("  damaged    nothing (every body compared with its checksum)"))
        #expect(lines.contains { $0.hasPrefix("    up to a minute ") && $0.contains(" 2 ") })
        #expect(lines.contains { $0.hasPrefix("    up to 7 days ") && $0.contains(" 1 ") })
        #expect(lines.last?.hasPrefix("    00000001 ") == true, "\(lines)")
        #expect(try report(path, .index).lines(segments: false).contains("  damaged    not looked for (--quick)"))
    }

    @Test func aDamagedFolder() async throws {
        let path = try await folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let segment = path + "/segment-00000001"
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: segment)))
        bytes[5_000] ^= 1
        try Data(bytes).write(to: URL(filePath: segment))
        try Data().write(to: URL(filePath: path + "/index"))
        let lines = try report(path, .bodies).lines(segments: false)
        #expect(lines.contains { $0.hasPrefix("  damaged    1 place, 9.") })
        #expect(lines.contains("  index      damaged or of another version: a start reads every record's head"))
        #expect(try report(path, .heads).damagedRecords == 0, "bodies are not read")
    }

    @Test func sizesArePrintedForPeople() {
        #expect([0, 840, 1_024, 1_290, 10_485_760, 3_000_000_000_000].map(ByteCount.words)
            == ["0 B", "840 B", "1.0 KiB", "1.3 KiB", "10.0 MiB", "2.7 TiB"])
    }
}
