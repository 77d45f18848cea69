internal import CacheProtocol

/// From a place on the disk to a record that may be believed: magic, nonce, key, lengths and checksums are compared
/// (RecordFormat, invariant 5).
struct RecordLoader {
    enum Loaded {
        case record(CachedRecord)
        /// The record had died, and its blocks were given back: an old checkpoint named it, or it died while we read.
        case gone
        case corrupt(String)
        case unreadable(SystemFailure)
    }

    private let core: CacheCore
    private let file: SegmentFile
    /// A head with its metadata is rarely longer.
    private static let headGuess = 4096
    private static let pieceBytes = 256 << 10

    init(_ core: CacheCore, file: SegmentFile) {
        self.core = core
        self.file = file
    }

    func load(_ key: CacheKey, at offset: Int, extent: Int, isVerified: Bool) -> Loaded {
        do throws(SystemFailure) {
            var bytes = try file.read(core.isFileBody(extent) ? min(extent, Self.headGuess) : extent, at: offset)
            guard let head = head(of: bytes, key, extent: extent) else { return isGap(bytes) ? .gone : damaged(offset) }
            if bytes.count < head.bodyOffset { bytes = try file.read(head.bodyOffset, at: offset) }
            guard bytes.withUnsafeBytes({ head.isWhole($0) }), let metadata = metadata(head, bytes) else {
                return damaged(offset)
            }
            if core.isFileBody(head.bodyLength) {
                if !isVerified, try !isBodyWhole(head, at: offset + head.bodyOffset) { return damaged(offset) }
                let region = FileRegion(
                    file, offset: offset + head.bodyOffset, count: head.bodyLength, checksum: head.bodyChecksum)
                return .record(CachedRecord(metadata: metadata, content: .file(region)))
            }
            // Long by its metadata alone.
            if bytes.count < head.bodyRange.upperBound { bytes = try file.read(extent, at: offset) }
            guard head.fits(bytes) else { return damaged(offset) }
            return .record(
                CachedRecord(metadata: metadata, content: .memory(SharedBytes(bytes, range: head.bodyRange))))
        } catch {
            return .unreadable(error)
        }
    }

    enum LoadedMetadata {
        case metadata(ObjectMetadata)
        case gone, corrupt
    }

    /// What a sweep needs: the metadata alone.
    func loadMetadata(_ key: CacheKey, at offset: Int, extent: Int) throws(SystemFailure) -> LoadedMetadata {
        var bytes = try file.read(min(extent, Self.headGuess), at: offset)
        guard let head = head(of: bytes, key, extent: extent) else { return isGap(bytes) ? .gone : .corrupt }
        if bytes.count < head.bodyOffset { bytes = try file.read(head.bodyOffset, at: offset) }
        guard bytes.withUnsafeBytes({ head.isWhole($0) }), let metadata = metadata(head, bytes) else { return .corrupt }
        return .metadata(metadata)
    }

    private func damaged(_ offset: Int) -> Loaded {
        .corrupt("a record in \(file.path) at \(offset) is damaged; the object is a miss")
    }

    private func isGap(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { GapHead($0, nonce: file.nonce) } != nil
    }

    private func head(of bytes: [UInt8], _ key: CacheKey, extent: Int) -> RecordHead? {
        let head = bytes.withUnsafeBytes { RecordHead($0, nonce: file.nonce) }
        return head.flatMap { $0.key == key && $0.extent == extent ? $0 : nil }
    }

    private func metadata(_ head: RecordHead, _ bytes: [UInt8]) -> ObjectMetadata? {
        // Right by its checksum, but perhaps of a later version of the program.
        guard let metadata = try? ObjectMetadata(wireBytes: bytes[RecordHead.size..<head.bodyOffset]),
            metadata.fillRevision.rawValue == head.fillRevision
        else { return nil }
        return metadata
    }

    private func isBodyWhole(_ head: RecordHead, at start: Int) throws(SystemFailure) -> Bool {
        var (done, checksum) = (0, UInt32(0))
        while done < head.bodyLength {
            let piece = try file.read(min(Self.pieceBytes, head.bodyLength - done), at: start + done)
            if piece.isEmpty { return false }
            checksum = Checksum.crc32c(piece, continuing: checksum)
            done += piece.count
        }
        return checksum == head.bodyChecksum
    }
}
