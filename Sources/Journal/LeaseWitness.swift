internal import CacheProtocol
internal import Glibc
internal import Synchronization

/// How many grants were given, and the longest of them, beside the journal and not in it: the file `…-leases`. A journal that
/// was restored from a backup knows of fewer.
///
///     0  8  grants given, little endian        8  8  the longest, milliseconds        16  4  CRC-32C of the 16 before
///
/// It is written after the grant is committed and before it is answered, and not synced: after a power cut it may say less
/// than the journal, which is as good as nothing, and never more.
final class LeaseWitness: Sendable {
    struct Testimony: Hashable, Sendable {
        var given: UInt64
        /// Milliseconds.
        var longest: UInt64
    }

    private let path: String
    private let last: Mutex<Testimony>

    /// A file that is missing or damaged says nothing.
    init(path: String) {
        self.path = path
        last = Mutex(Self.read(path) ?? Testimony(given: 0, longest: 0))
    }

    var testimony: Testimony { last.withLock { $0 } }

    /// - Throws: the grant must not be answered.
    func note(given: UInt64, duration: UInt64) throws(JournalError) {
        let isWritten = last.withLock { last in
            let next = Testimony(given: max(last.given, given), longest: max(last.longest, duration))
            guard next != last else { return true }
            guard Self.write(next, path) else { return false }
            last = next
            return true
        }
        guard isWritten else { throw .damaged("\(path) can't be written, so no lease can be given") }
    }

    private static func read(_ path: String) -> Testimony? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 20)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count else { return nil }
        let words = [0, 8].map { start in (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) } }
        let checksum = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[16 + $1]) << UInt32(8 * $1) }
        guard Checksum.crc32c(Array(bytes[..<16])) == checksum else { return nil }
        return Testimony(given: words[0], longest: words[1])
    }

    private static func write(_ testimony: Testimony, _ path: String) -> Bool {
        var writer = WireWriter()
        writer.write(fixed: testimony.given)
        writer.write(fixed: testimony.longest)
        let checksum = Checksum.crc32c(writer.bytes)
        let bytes = writer.bytes + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> UInt32(8 * $0)) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    }
}
