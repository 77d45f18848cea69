internal import Glibc

/// System calls on a socket that does not block. Each returns how many bytes were taken, 0 where none could be.
enum DirectSocket {
    /// Both in one call.
    static func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, to socket: CInt) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
            parts.initializeElement(at: 0, to: part(first))
            parts.initializeElement(at: 1, to: part(second))
            var message = msghdr()
            message.msg_iov = parts.baseAddress
            message.msg_iovlen = 2
            return taken { sendmsg(socket, &message, CInt(MSG_NOSIGNAL)) }
        }
    }

    /// - Parameter moreFollows: It leaves with what comes next, not in a packet of its own.
    static func send(_ bytes: UnsafeRawBufferPointer, to socket: CInt, moreFollows: Bool) -> Int {
        let flags = CInt(MSG_NOSIGNAL) | (moreFollows ? CInt(MSG_MORE) : 0)
        return taken { Glibc.send(socket, bytes.baseAddress, bytes.count, flags) }
    }

    static func sendFile(_ descriptor: CInt, _ offset: Int, _ length: Int, to socket: CInt) -> Int {
        var place = off_t(offset)
        return taken { sendfile(socket, descriptor, &place, length) }
    }

    /// Bytes that the peer has not confirmed yet: they, or the pages of a file that they lie in, are still to be read.
    static func unconfirmedBytes(of socket: CInt) -> Int {
        var count: CInt = 0
        // SIOCOUTQ, under the name that it shares with terminals.
        return ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    }

    private static func part(_ bytes: UnsafeRawBufferPointer) -> iovec {
        iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    private static func taken(_ call: () -> Int) -> Int {
        while true {
            let count = call()
            if count >= 0 { return count }
            if errno != EINTR { return 0 }
        }
    }
}
