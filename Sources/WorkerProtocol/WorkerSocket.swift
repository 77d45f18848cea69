internal import CProcess
internal import Glibc

/// One end of the connection between origin and worker. Closes its descriptor.
public final class WorkerSocket: Sendable {
    public let descriptor: Int32

    /// Takes over a SOCK_SEQPACKET descriptor.
    public init(owned descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    public static func pair() throws(SystemError) -> (WorkerSocket, WorkerSocket) {
        var ends: [Int32] = [-1, -1]
        let status = vignette_socket_pair(&ends)
        guard status == 0 else { throw SystemError("socketpair", errno: -status) }
        return (WorkerSocket(owned: ends[0]), WorkerSocket(owned: ends[1]))
    }

    public func send(_ frame: Frame, with memory: SealedMemory? = nil) throws(SystemError) {
        let bytes = frame.bytes
        let status = vignette_send_message(descriptor, bytes, bytes.count, memory?.descriptor ?? -1)
        guard status == 0 else { throw SystemError("sendmsg", errno: -status) }
    }

    public enum Received {
        /// The memory is there exactly when the frame's kind carries some, and is sealed and of the size the frame says.
        case frame(Frame, SealedMemory?)
        /// The other side has closed its end.
        case end
        /// Nothing to read yet (only without waiting).
        case nothing
    }

    public enum ReceiveError: Error {
        case system(SystemError)
        /// The other side broke the protocol.
        case frame(FrameError)
    }

    public func receive(waiting: Bool) throws(ReceiveError) -> Received {
        var message = vignette_message()
        var status: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Frame.largestSize) { buffer, filled in
            status = vignette_receive_message(
                descriptor, buffer.baseAddress, buffer.count, waiting ? 0 : 1, &message)
            filled = status == 0 ? message.count : 0
        }
        switch -status {
        case 0: break
        case EAGAIN: return .nothing
        case ECONNRESET: return .end
        default: throw .system(SystemError("recvmsg", errno: -status))
        }
        guard message.count > 0 else {
            if message.fd >= 0 { close(message.fd) }
            return .end
        }
        do throws(FrameError) {
            return try WorkerSocket.checked(bytes, message)
        } catch {
            throw .frame(error)
        }
    }

    private static func checked(_ bytes: [UInt8], _ message: vignette_message) throws(FrameError) -> Received {
        let frame: Frame
        do throws(FrameError) {
            guard message.truncated == 0 else { throw FrameError("the message is too long") }
            frame = try Frame(bytes)
        } catch {
            if message.fd >= 0 { close(message.fd) }
            throw error
        }
        guard let expected = frame.memorySize else {
            if message.fd >= 0 {
                close(message.fd)
                throw FrameError("a descriptor came with a frame that carries none")
            }
            return .frame(frame, nil)
        }
        guard message.fd >= 0 else { throw FrameError("no descriptor came with the frame") }
        return .frame(frame, try SealedMemory(received: message.fd, expecting: expected))
    }
}

extension Frame {
    /// Bytes of the memory that travels with it.
    var memorySize: Int? {
        switch self {
        case .job(let job): job.sourceBytes
        case .done(let result): result.byteCount
        case .ready, .failed: nil
        }
    }
}
