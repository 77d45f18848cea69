internal import CacheProtocol
internal import Glibc

/// Part of an open file that holds one body. The file stays open, and the bytes stay as they are, as long as this lives.
public final class FileRegion: Sendable {
    private let segment: SegmentFile
    public let offset: Int
    public let count: Int
    private let checksum: UInt32

    init(_ segment: SegmentFile, offset: Int, count: Int, checksum: UInt32) {
        self.segment = segment
        self.offset = offset
        self.count = count
        self.checksum = checksum
    }

    /// For `sendfile` and `pread` only: shared with everybody else, so no seeking and no closing.
    public var descriptor: CInt { segment.descriptor }

    /// The whole body, checked. Blocks on the disk.
    public func bytes() throws(ObjectCacheError) -> SharedBytes {
        let bytes: [UInt8]
        do throws(SystemFailure) {
            bytes = try segment.read(count, at: offset)
        } catch {
            throw .unreadable("\(error)")
        }
        guard bytes.count == count, Checksum.crc32c(bytes) == checksum else {
            throw .unreadable("a body in \(segment.path) at \(offset) is damaged")
        }
        return SharedBytes(bytes)
    }
}
