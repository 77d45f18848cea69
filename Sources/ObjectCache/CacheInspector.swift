internal import CacheProtocol
internal import Glibc

/// Gathers a `CacheInspection`. Of two records of one key the newer is live, as at a start (RecordFormat, invariant 3); what
/// the checkpoint knows of a segment goes before what its heads say.
struct CacheInspector {
    private struct Source {
        var file: SegmentFile
        /// Up to here the checkpoint knows it.
        var known = SegmentHeader.size
    }

    private(set) var report: CacheInspection
    private let now: Int64
    private let ledger = SpaceLedger(Placement(limit: .max, segmentBytes: .max, extentLimit: .max))
    private var sources: [Source] = []
    private var live: [CacheKey: RecordLocation] = [:]
    private var hasCheckpoint = false

    private static let ages: [Int64?] = [60, 3_600, 86_400, 7 * 86_400, 30 * 86_400, nil]
    private static let pieceBytes = 1 << 20

    init(_ folder: String, _ depth: CacheInspection.Depth, now: Int64) throws(SystemFailure) {
        report = CacheInspection(folder: folder, depth: depth)
        self.now = now
        let names = try CacheFolder.names(in: folder)
        let numbers = names.compactMap(CacheFolder.segmentNumber)
        report.holder = LockHolder.pid(of: folder + "/lock")
        if let file = try InputFile(CacheState.path(in: folder)), let state = CacheState(try file.read(4096)) {
            (report.epoch, report.floor) = (state.epoch, state.floor)
        }
        if depth != .index { report.ages = Self.ages.map { CacheInspection.AgeClass(atMost: $0) } }
        for number in numbers { try open(number) }
    }

    /// Whether anything in the folder says that it is a cache's.
    static func isCache(_ folder: String) throws(SystemFailure) -> Bool {
        try CacheFolder.names(in: folder).contains { $0 == "state" || CacheFolder.segmentNumber($0) != nil }
    }

    private mutating func open(_ number: UInt32) throws(SystemFailure) {
        let path = CacheFolder.segmentPath(report.folder, number)
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            // Gone since the folder was listed: a running cache has moved what was live in it.
            if errno == ENOENT { return }
            throw SystemFailure("open", path)
        }
        var head = [UInt8](repeating: 0, count: SegmentHeader.size)
        let got = pread(descriptor, &head, head.count, 0)
        guard got == head.count, let header = head.withUnsafeBytes({ SegmentHeader($0) }), header.number == number,
            header.epoch == report.epoch
        else {
            close(descriptor)
            return report.foreignSegments.append(path)
        }
        sources.append(
            Source(file: SegmentFile(number: number, nonce: header.nonce, path: path, owning: descriptor, ledger: ledger)))
    }

    // MARK: The checkpoint

    mutating func readCheckpoint() throws(SystemFailure) {
        let path = IndexCheckpoint.path(in: report.folder)
        var isDamaged = false
        guard let reader = try CheckpointReader.open(path, epoch: report.epoch ?? 0, isDamaged: &isDamaged) else {
            report.checkpoint = isDamaged ? .unusable : .absent
            return
        }
        report.checkpoint = .whole(objects: reader.entries, bytes: reader.length)
        hasCheckpoint = true
        var ends: [UInt32: Int] = [:]
        for segment in reader.head.segments {
            guard let place = sources.firstIndex(where: { $0.file.number == segment.number }),
                sources[place].file.nonce == segment.nonce
            else { continue }
            sources[place].known = segment.length
            ends[segment.number] = segment.length
        }
        var bySegment: [UInt32: CacheInspection.Segment] = [:]
        try reader.forEach { entry in
            guard let place = entry.location, let end = ends[place.segment], entry.fillAtMost >= report.floor,
                place.offset + entry.extent <= end
            else { return }
            if report.depth != .index { live[entry.key] = place }
            bySegment[place.segment, default: CacheInspection.Segment(number: place.segment)].liveRecords += 1
            bySegment[place.segment]?.liveBytes += entry.extent
        }
        if report.depth == .index {
            report.segments = sources.map {
                bySegment[$0.file.number] ?? CacheInspection.Segment(number: $0.file.number)
            }
        }
    }

    // MARK: Segments

    mutating func readSegments(_ progress: (Int, Int) -> Void) throws(SystemFailure) {
        if report.depth != .index {
            report.segments = sources.map { CacheInspection.Segment(number: $0.file.number) }
            for source in sources { try findNewer(in: source) }
        }
        for place in sources.indices {
            let (length, allocated) = try sources[place].file.status()
            (report.segments[place].length, report.segments[place].allocated) = (length, allocated)
            report.segments[place].unindexedBytes = max(0, length - sources[place].known)
            if report.depth != .index { try read(place, length) }
            progress(place + 1, sources.count)
        }
    }

    /// What the checkpoint doesn't know yet; in the order of their numbers, so that the newest stands at the end.
    private mutating func findNewer(in source: Source) throws(SystemFailure) {
        let length = try source.file.status().length
        guard source.known < length else { return }
        var scan = SegmentScan(source.file, from: source.known, to: length)
        while let record = try scan.next() {
            guard record.head.fillRevision >= report.floor.rawValue else { continue }
            live[record.head.key] = RecordLocation(segment: source.file.number, offset: record.offset)
        }
    }

    private mutating func read(_ place: Int, _ length: Int) throws(SystemFailure) {
        let file = sources[place].file
        var segment = report.segments[place]
        var scan = SegmentScan(file, from: SegmentHeader.size, to: length)
        while let record = try scan.next() {
            segment.records += 1
            let isLive = live[record.head.key] == RecordLocation(segment: file.number, offset: record.offset)
            if report.depth == .bodies, try !isWhole(record, in: file) {
                segment.damagedRecords += 1
                segment.damagedBytes += record.head.extent
            }
            guard isLive else { continue }
            segment.liveRecords += 1
            segment.liveBytes += record.head.extent
            if let metadata = scan.metadata(of: record) { noteAge(metadata.bornAt, record.head.extent) }
        }
        // The end of the last segment may be a record that is just being written.
        let isBusy = report.holder != nil && place == sources.count - 1
        for range in scan.debris where !(isBusy && range.lowerBound >= scan.cleanEnd) {
            segment.damagedRecords += 1
            segment.damagedBytes += range.count
        }
        report.segments[place] = segment
    }

    private func isWhole(_ record: SegmentScan.Record, in file: SegmentFile) throws(SystemFailure) -> Bool {
        let body = record.head.bodyRange
        var (offset, checksum) = (record.offset + body.lowerBound, UInt32(0))
        let end = record.offset + body.upperBound
        while offset < end {
            let piece = try file.read(min(Self.pieceBytes, end - offset), at: offset)
            if piece.isEmpty { return false }
            checksum = Checksum.crc32c(piece, continuing: checksum)
            offset += piece.count
        }
        return checksum == record.head.bodyChecksum
    }

    private mutating func noteAge(_ bornAt: Int64, _ bytes: Int) {
        let seconds = max(0, now - bornAt) / 1_000
        let place = Self.ages.firstIndex { $0.map { seconds <= $0 } ?? true } ?? Self.ages.count - 1
        report.ages[place].records += 1
        report.ages[place].bytes += bytes
    }
}
