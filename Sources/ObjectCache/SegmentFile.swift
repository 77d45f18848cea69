internal import Glibc
internal import Synchronization

/// An open segment. Its file may be unlinked while answers still read from it: its blocks come back when the last of
/// them lets go, and the ledger hears of it.
final class SegmentFile: Sendable {
    let number: UInt32
    let nonce: UInt64
    let path: String
    let descriptor: CInt
    let changes: FileChanges
    /// Whether reads may show what a power cut would take back: what this process has overwritten or given back since the last
    /// sync, and whatever the one before it has, unless the file is new.
    let mayHoldUnsynced: Atomic<Bool>
    /// Where a sync has failed over zeros or gaps. The kernel may have dropped them then: reads show them as long as the pages
    /// are in memory, and no later sync brings them to the disk.
    let unsure = Mutex<[Range<Int>]>([])
    /// Whether a process before this one had that, and took what `unsure` said with it; see `noteUnsure`.
    let isSuspect: Atomic<Bool>
    /// Whether a body was handed out as a part of this file, under the shard's lock; see `IndexEntry.isHandedOut`.
    let isHandedOut = Atomic(false)
    private let ledger: SpaceLedger
    /// Of the folder that it lies in.
    let lock: FolderLock?

    init(
        number: UInt32, nonce: UInt64, path: String, owning descriptor: CInt, isNew: Bool = false, ledger: SpaceLedger,
        lock: FolderLock? = nil, changes: FileChanges = FileChanges()
    ) {
        self.number = number
        self.nonce = nonce
        self.path = path
        self.descriptor = descriptor
        self.changes = changes
        self.ledger = ledger
        self.lock = lock
        mayHoldUnsynced = Atomic(!isNew)
        isSuspect = Atomic(!isNew && access(CacheFolder.unsurePath(of: path), F_OK) == 0)
    }

    deinit {
        close(descriptor)
        ledger.placement.withLock { $0.released(number) }
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    func read(_ count: Int, at offset: Int) throws(SystemFailure) -> [UInt8] {
        var failure: SystemFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemFailure) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// - Returns: how many bytes were read; fewer than asked for only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemFailure) -> Int {
        changes.beforeRead?()
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
            if got < 0 {
                if errno == EINTR { continue }
                throw SystemFailure("pread", path)
            }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Writes all of it, or throws.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemFailure) {
        var done = 0
        while done < bytes.count {
            let put = changes.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]), at: offset + done)
            if put < 0 {
                if errno == EINTR { continue }
                throw SystemFailure("pwrite", path)
            }
            if put == 0 { throw SystemFailure("pwrite", path, code: EIO) }
            done += put
        }
    }

    func truncate(to length: Int) throws(SystemFailure) {
        while changes.truncate(descriptor, to: length) != 0 {
            if errno != EINTR { throw SystemFailure("ftruncate", path) }
        }
    }
}

struct WeakSegment {
    weak var file: SegmentFile?
}
