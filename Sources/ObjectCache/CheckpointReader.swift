internal import CacheProtocol

/// Reads a checkpoint back, twice: nothing of it is believed before its checksum has been compared.
struct CheckpointReader {
    private static let pieceBytes = IndexCheckpoint.entrySize * (1 << 15)

    let head: IndexCheckpoint.Head
    /// Of the file.
    let length: Int
    private let file: InputFile
    let entries: Int

    /// - Returns: nil when there is none, or none that may be used; `isDamaged` says if that should be told.
    static func open(
        _ path: String, epoch: UInt64, isDamaged: inout Bool
    ) throws(SystemFailure) -> CheckpointReader? {
        guard let file = try InputFile(path) else { return nil }
        isDamaged = true
        let length = try file.length()
        guard length >= IndexCheckpoint.headSize + IndexCheckpoint.trailerSize,
            try isWhole(file, length: length), let head = try Self.head(file, length: length)
        else { return nil }
        isDamaged = false
        guard head.epoch == epoch else { return nil }
        return CheckpointReader(head: head, length: length, file: file)
    }

    private init(head: IndexCheckpoint.Head, length: Int, file: InputFile) {
        self.head = head
        self.length = length
        self.file = file
        let rest = length - IndexCheckpoint.size(entries: 0, segments: head.segments.count)
        entries = rest / IndexCheckpoint.entrySize
    }

    private static func isWhole(_ file: InputFile, length: Int) throws(SystemFailure) -> Bool {
        var (rest, checksum) = (length - 4, UInt32(0))
        while rest > 0 {
            let piece = try file.read(min(rest, pieceBytes))
            if piece.isEmpty { return false }
            checksum = Checksum.crc32c(piece, continuing: checksum)
            rest -= piece.count
        }
        let stated = try file.read(4)
        try file.rewind()
        return stated.count == 4 && stated.withUnsafeBytes { $0.u32(0) } == checksum
    }

    private static func head(_ file: InputFile, length: Int) throws(SystemFailure) -> IndexCheckpoint.Head? {
        let fixed = try file.read(IndexCheckpoint.headSize)
        guard fixed.count == IndexCheckpoint.headSize else { return nil }
        let (magic, layout, count) = fixed.withUnsafeBytes { ($0.u64(0), $0.u32(8), Int($0.u32(12))) }
        guard magic == IndexCheckpoint.magic, layout == IndexCheckpoint.layout,
            IndexCheckpoint.size(entries: 0, segments: count) <= length,
            (length - IndexCheckpoint.size(entries: 0, segments: count)) % IndexCheckpoint.entrySize == 0
        else { return nil }
        let table = try file.read(count * IndexCheckpoint.segmentSize)
        guard table.count == count * IndexCheckpoint.segmentSize else { return nil }
        let segments = table.withUnsafeBytes { table in
            (0..<count).map { place in
                let start = place * IndexCheckpoint.segmentSize
                return IndexCheckpoint.Segment(
                    number: table.u32(start), nonce: table.u64(start + 8), length: Int(clamping: table.u64(start + 16)))
            }
        }
        return fixed.withUnsafeBytes { fixed in
            IndexCheckpoint.Head(
                epoch: fixed.u64(16), nextStamp: fixed.u64(24), applied: Revision(rawValue: fixed.u64(32)),
                chain: Array(fixed[40..<72]), hand: fixed.u64(72), segments: segments)
        }
    }

    /// Every entry, in no order.
    func forEach(_ body: (IndexEntry) -> Void) throws(SystemFailure) {
        var rest = entries
        while rest > 0 {
            let piece = try file.read(min(rest * IndexCheckpoint.entrySize, Self.pieceBytes))
            let count = piece.count / IndexCheckpoint.entrySize
            if count == 0 { return }
            piece.withUnsafeBytes { piece in
                for place in 0..<count {
                    let start = place * IndexCheckpoint.entrySize
                    body(IndexCheckpoint.entry(UnsafeRawBufferPointer(rebasing: piece[start...])))
                }
            }
            rest -= count
        }
    }
}
