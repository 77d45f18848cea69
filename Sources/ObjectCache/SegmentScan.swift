internal import CacheProtocol

/// Walks over the records of one segment from the heads alone. Steps over whatever is no whole record, at every multiple
/// of 8 (RecordFormat, invariant 6), and never beyond `end`.
struct SegmentScan {
    struct Record {
        var head: RecordHead
        var offset: Int
    }

    private let segment: SegmentFile
    private let end: Int
    private var position: Int
    /// Behind the last record that was found: a torn tail starts here.
    private(set) var cleanEnd: Int
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let windowBytes = 256 << 10

    init(_ segment: SegmentFile, from start: Int, to end: Int) {
        self.segment = segment
        self.end = end
        position = max(RecordFormat.aligned(start), SegmentHeader.size)
        cleanEnd = position
    }

    /// The next record with a whole head, or nil at the end.
    mutating func next() throws(SystemFailure) -> Record? {
        while position + RecordHead.size <= end {
            if let record = try record() {
                position += record.head.extent
                cleanEnd = position
                return record
            }
            position += RecordFormat.alignment
        }
        return nil
    }

    private mutating func record() throws(SystemFailure) -> Record? {
        try load(RecordHead.size)
        guard windowStart + window.count >= position + RecordHead.size else {
            // The file is shorter than it was believed to be.
            position = end
            return nil
        }
        guard let head = parsed(), position + head.extent <= end else { return nil }
        try load(head.bodyOffset)
        guard isWhole(head) else { return nil }
        return Record(head: head, offset: position)
    }

    private func parsed() -> RecordHead? {
        window.withUnsafeBytes {
            RecordHead(UnsafeRawBufferPointer(rebasing: $0[(position - windowStart)...]), nonce: segment.nonce)
        }
    }

    private func isWhole(_ head: RecordHead) -> Bool {
        window.withUnsafeBytes { head.isWhole(UnsafeRawBufferPointer(rebasing: $0[(position - windowStart)...])) }
    }

    /// Makes sure that `count` bytes from `position` on are in the window, as far as the file has them.
    private mutating func load(_ count: Int) throws(SystemFailure) {
        if position >= windowStart, position + count <= windowStart + window.count { return }
        window = try segment.read(min(max(count, Self.windowBytes), end - position), at: position)
        windowStart = position
    }
}
