internal import CProcess
internal import Glibc

/// Bytes in an anonymous memory file that nobody, in any process, can change any more. How images cross between origin
/// and worker: the receiver maps what the sender wrote, and neither can pull it from under the other.
public final class SealedMemory: Sendable {
    public let descriptor: Int32
    /// Never 0.
    public let count: Int

    private init(descriptor: Int32, count: Int) {
        self.descriptor = descriptor
        self.count = count
    }

    deinit {
        close(descriptor)
    }

    /// Copies the bytes into new memory and seals it. Takes at least one byte.
    public convenience init(copying bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let descriptor = vignette_memory_create("vignette-image")
        guard descriptor >= 0 else { throw SystemError("memfd_create", errno: -descriptor) }
        do throws(SystemError) {
            try SealedMemory.write(bytes, to: descriptor)
            let status = vignette_memory_seal(descriptor)
            guard status == 0 else { throw SystemError("sealing of memory", errno: -status) }
        } catch {
            close(descriptor)
            throw error
        }
        self.init(descriptor: descriptor, count: bytes.count)
    }

    /// Takes over a descriptor that another process sent, if it is sealed memory of exactly this size; else closes it.
    public convenience init(received descriptor: Int32, expecting count: Int) throws(FrameError) {
        var status = stat()
        do throws(FrameError) {
            guard vignette_memory_is_sealed(descriptor) == 1 else { throw FrameError("the memory sent is not sealed") }
            guard fstat(descriptor, &status) == 0, Int(status.st_size) == count, count > 0 else {
                throw FrameError("the memory sent holds \(status.st_size) bytes instead of \(count)")
            }
        } catch {
            close(descriptor)
            throw error
        }
        self.init(descriptor: descriptor, count: count)
    }

    /// A read-only mapping, for `munmap` by the caller. It stays valid after this object is gone.
    public func mapped() throws(SystemError) -> UnsafeRawBufferPointer {
        let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw SystemError("mmap", errno: errno) }
        return UnsafeRawBufferPointer(start: address, count: count)
    }

    /// A copy of the bytes in ordinary memory.
    public func copied() throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, failure == nil {
                let read = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(filled))
                if read > 0 {
                    filled += read
                } else if read == 0 || errno != EINTR {
                    failure = SystemError("pread", errno: read == 0 ? EIO : errno)
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        var rest = bytes[...]
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let written = Glibc.write(descriptor, start, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw SystemError("write to memory", errno: errno)
            }
        }
    }
}
