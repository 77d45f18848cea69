internal import CacheProtocol

/// Walks over the records of one segment from the heads alone. Steps over whatever is no whole record, at every multiple
/// of 8 (RecordFormat, invariant 6), and never beyond `end`. Holes, gaps and zeros between records cost next to nothing.
struct SegmentScan {
    struct Record {
        var head: RecordHead
        var offset: Int

        var range: Range<Int> { offset..<offset + head.extent }
    }

    private let segment: SegmentFile
    private let end: Int
    private var position: Int
    /// Behind the last record or gap that was found: a torn tail starts here.
    var cleanEnd: Int { max(foundEnd, gapEnd) }
    private var foundEnd: Int
    private var gapEnd = 0
    /// What no record explains and is not zero: damaged heads with what lay behind them, torn tails.
    private(set) var debris: [Range<Int>] = []
    /// Records whose blocks were given back, as far as no later record lies over them.
    private(set) var gaps: [(key: CacheKey, range: Range<Int>)] = []
    /// Whatever lies outside of records: gaps, debris and zeros, among which a sync may have failed over any.
    private(set) var unclaimed: [Range<Int>] = []
    private var claimedEnd: Int
    private var window: [UInt8] = []
    private var windowStart = 0
    private var windowHint = windowBytes
    private static let windowBytes = 256 << 10
    /// Enough for a head with its metadata, mostly.
    private static let headBytes = 4096
    /// From this length on, what lies between two heads is not read.
    private static let longExtent = 32 << 10
    /// Zeros of this length stand between two pieces of debris.
    private static let debrisGap = 4096

    init(_ segment: SegmentFile, from start: Int, to end: Int) {
        self.segment = segment
        self.end = end
        position = max(RecordFormat.aligned(start), SegmentHeader.size)
        foundEnd = position
        claimedEnd = position
    }

    /// The next record with a whole head, or nil at the end.
    mutating func next() throws(SystemFailure) -> Record? {
        while position + RecordHead.size <= end {
            let start = position
            if let record = try record() {
                clipGap()
                noteUnclaimed(to: position)
                position += record.head.extent
                foundEnd = position
                claimedEnd = position
                windowHint = record.head.extent >= Self.longExtent ? Self.headBytes : Self.windowBytes
                return record
            }
            // Behind a gap there may be a record at once, where a power cut has taken the gap's end.
            if position == start { try skip() }
        }
        try noteTail()
        noteUnclaimed(to: end)
        return nil
    }

    private mutating func noteUnclaimed(to place: Int) {
        if claimedEnd < place { unclaimed.append(claimedEnd..<place) }
        claimedEnd = max(claimedEnd, place)
    }

    /// What the record that `next` has just returned says of itself. Nil if it can't be read: of a later version, perhaps.
    func metadata(of record: Record) -> ObjectMetadata? {
        let start = record.offset - windowStart
        let bytes = window[(start + RecordHead.size)..<(start + record.head.bodyOffset)]
        guard let metadata = try? ObjectMetadata(wireBytes: bytes),
            metadata.fillRevision.rawValue == record.head.fillRevision
        else { return nil }
        return metadata
    }

    private mutating func record() throws(SystemFailure) -> Record? {
        try load(RecordHead.size, hint: windowHint)
        guard windowEnd >= position + RecordHead.size else {
            // The file is shorter than it was believed to be.
            position = end
            return nil
        }
        if let gap = gap() {
            // Not `extent`: what a power cut has left of the record behind it is debris.
            clipGap()
            gapEnd = max(position + GapHead.size, min(position + gap.extent, end))
            gaps.append((gap.key, position..<gapEnd))
            position += GapHead.size
            foundEnd = position
            return nil
        }
        guard let head = parsed(), position + head.extent <= end else { return nil }
        try load(head.bodyOffset, hint: windowHint)
        guard isWhole(head) else { return nil }
        return Record(head: head, offset: position)
    }

    /// What starts here was appended after a power cut had taken the end of the gap before it.
    private mutating func clipGap() {
        guard let last = gaps.indices.last, gaps[last].range.upperBound > position else { return }
        gaps[last].range = gaps[last].range.lowerBound..<position
    }

    private func parsed() -> RecordHead? {
        window.withUnsafeBytes {
            RecordHead(UnsafeRawBufferPointer(rebasing: $0[(position - windowStart)...]), nonce: segment.nonce)
        }
    }

    private func gap() -> GapHead? {
        window.withUnsafeBytes {
            GapHead(UnsafeRawBufferPointer(rebasing: $0[(position - windowStart)...]), nonce: segment.nonce)
        }
    }

    private func isWhole(_ head: RecordHead) -> Bool {
        window.withUnsafeBytes { head.isWhole(UnsafeRawBufferPointer(rebasing: $0[(position - windowStart)...])) }
    }

    /// From a place where no record starts to the next one where one might.
    private mutating func skip() throws(SystemFailure) {
        var isFirst = true
        while position + RecordHead.size <= end {
            if windowEnd < position + RecordFormat.alignment {
                position = segment.dataStart(from: position, to: end)
                try load(RecordHead.size, hint: Self.windowBytes)
                guard windowEnd >= position + RecordFormat.alignment else {
                    position = end
                    return
                }
            }
            if skipInWindow(&isFirst) { return }
        }
    }

    /// - Returns: whether something that looks like a head stands at `position`; else the window is used up.
    private mutating func skipInWindow(_ isFirst: inout Bool) -> Bool {
        var place = position - windowStart
        defer { position = windowStart + place }
        return window.withUnsafeBytes { bytes in
            while place + RecordFormat.alignment <= bytes.count {
                let word = bytes.u64(place)
                if word != 0 {
                    let magic = UInt32(truncatingIfNeeded: word)
                    if !isFirst, magic == RecordHead.magic || magic == GapHead.magic { return true }
                    note(windowStart + place, count: RecordFormat.alignment)
                }
                isFirst = false
                place += RecordFormat.alignment
            }
            return false
        }
    }

    /// The last bytes, fewer than a head has.
    private mutating func noteTail() throws(SystemFailure) {
        guard position < end else { return }
        let tail = try segment.read(end - position, at: position)
        if tail.contains(where: { $0 != 0 }) { note(position, count: tail.count) }
        position = end
    }

    private mutating func note(_ start: Int, count: Int) {
        // Never over a record that lies between.
        if let last = debris.indices.last, debris[last].lowerBound >= foundEnd,
            start < debris[last].upperBound + Self.debrisGap
        {
            debris[last] = debris[last].lowerBound..<start + count
        } else {
            debris.append(start..<start + count)
        }
    }

    private var windowEnd: Int { windowStart + window.count }

    /// Makes sure that `count` bytes from `position` on are in the window, as far as the file has them.
    private mutating func load(_ count: Int, hint: Int) throws(SystemFailure) {
        if position >= windowStart, position + count <= windowEnd { return }
        window = try segment.read(min(max(count, hint), end - position), at: position)
        windowStart = position
    }
}
