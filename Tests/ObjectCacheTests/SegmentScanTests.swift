import CacheProtocol
import Foundation
import Testing

@testable import ObjectCache

@Suite(.timeLimit(.minutes(5)))
struct SegmentScanTests {
    private let folder = TemporaryFolder(inMemory: true)

    /// An empty segment file that nobody appends to.
    private func segment() throws -> SegmentFile {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = folder.path + "/segment-00000001"
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT, 0o644)
        try #require(descriptor >= 0)
        let ledger = SpaceLedger(Placement(limit: 1 << 20, segmentBytes: 1 << 20, extentLimit: 1 << 20))
        return SegmentFile(number: 1, nonce: 7, path: path, owning: descriptor, ledger: ledger)
    }

    @discardableResult
    private func put(_ number: Int, size: Int, at offset: Int, in segment: SegmentFile) throws -> Range<Int> {
        let bytes = body(number, size: size).array
        let meta = metadata(number).wireBytes
        let head = RecordHead(
            nonce: segment.nonce, key: CacheKey(number), fillRevision: 0, stamp: 1, bodyLength: size,
            metadataLength: meta.count, bodyChecksum: Checksum.crc32c(bytes))
        try DiskWriter.write(head.bytes(with: meta) + bytes, to: segment, at: offset)
        try segment.truncate(to: max(segment.status().length, offset + head.extent))
        return offset..<offset + head.extent
    }

    private func scan(_ segment: SegmentFile) throws -> (numbers: [CacheKey], debris: [Range<Int>]) {
        var scan = SegmentScan(segment, from: SegmentHeader.size, to: try segment.status().length)
        var keys: [CacheKey] = []
        while let record = try scan.next() {
            keys.append(record.head.key)
            #expect(scan.metadata(of: record)?.scope.sources.isEmpty == false)
        }
        return (keys, scan.debris)
    }

    /// Reading a terabyte of zeros would take longer than this suite may.
    @Test func aLargeHoleIsSteppedOver() throws {
        let segment = try segment()
        try put(1, size: 100_000, at: 40, in: segment)
        try put(2, size: 100, at: 1 << 40, in: segment)
        let found = try scan(segment)
        #expect(found.numbers == [CacheKey(1), CacheKey(2)])
        #expect(found.debris.isEmpty)
    }

    @Test func aGapIsSteppedOverAndWhatAPowerCutLeftInItIsDebris() throws {
        let segment = try segment()
        let first = try put(1, size: 30_000, at: 40, in: segment)
        let second = try put(2, size: 30_000, at: first.upperBound, in: segment)
        try put(3, size: 300, at: second.upperBound, in: segment)
        let gap = GapHead(nonce: segment.nonce, key: CacheKey(2), extent: second.count)
        try DiskWriter.write(gap.bytes, to: segment, at: second.lowerBound)
        let left = try scan(segment).debris
        #expect(left.count == 1 && left[0].count > 30_000 && left[0].clamped(to: second) == left[0])
        #expect(segment.punch(second.lowerBound + GapHead.size..<second.upperBound) == 0)
        let found = try scan(segment)
        #expect(found.numbers == [CacheKey(1), CacheKey(3)])
        #expect(found.debris.isEmpty)
    }

    /// A power cut has taken the end of the file with the end of the gap, and the next start has appended there.
    @Test func aRecordRightBehindTheHeadOfAGapIsFound() throws {
        let segment = try segment()
        let gap = GapHead(nonce: segment.nonce, key: CacheKey(1), extent: 30_000)
        try DiskWriter.write(gap.bytes, to: segment, at: 40)
        try put(2, size: 300, at: 40 + GapHead.size, in: segment)
        let found = try scan(segment)
        #expect(found.numbers == [CacheKey(2)])
        #expect(found.debris.isEmpty)
    }

    @Test func debrisNeverReachesOverARecord() throws {
        let segment = try segment()
        let first = try put(1, size: 300, at: 40, in: segment)
        let second = try put(2, size: 300, at: first.upperBound, in: segment)
        let third = try put(3, size: 300, at: second.upperBound, in: segment)
        for record in [first, third] { try DiskWriter.write([0xFF], to: segment, at: record.lowerBound + 1) }
        // A tail that has room for no head.
        try DiskWriter.write([0, 0, 9], to: segment, at: third.upperBound + 8192)
        let found = try scan(segment)
        #expect(found.numbers == [CacheKey(2)])
        #expect(found.debris.count == 3)
        #expect(found.debris[0].lowerBound == first.lowerBound && found.debris[0].upperBound <= first.upperBound)
        #expect(found.debris[1].lowerBound == third.lowerBound && found.debris[1].upperBound <= third.upperBound)
        #expect(found.debris[2].contains(third.upperBound + 8194))
    }
}
