internal import CacheProtocol
internal import Glibc
internal import NIOCore
internal import Telemetry

extension ConnectionHandler {
    /// Ends the connection at once if bytes of a forbidden object are on their way through it. What waits in the socket is
    /// thrown away, and the client sees a reset: it must not take what it has for the whole.
    ///
    /// - Returns: Is fulfilled when the channel is closed and has let go of all that it was given; nil when nothing was done.
    func cutOff(where isForbidden: (ObjectMetadata) -> Bool) -> EventLoopFuture<Void>? {
        guard let context, !outgoing.isEmpty || direct != nil else { return nil }
        outgoing.keep(unsent: unsentBytes)
        var count = outgoing.count(where: isForbidden)
        if let direct, isForbidden(direct.object.metadata) { count += 1 }
        guard count > 0 else { return nil }
        loop.cells.erased.increment(by: UInt64(count))
        isCutOff = true
        dropDirect(byErase: true)
        let channel = context.channel
        // Fails only where the peer has reset the connection before us.
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0))
        context.close(promise: nil)
        return channel.closeFuture
    }

    /// What the channel holds, of this and earlier answers.
    var bytesInChannel: Int {
        Int((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// What the peer has not got yet: a socket that was given a file's bytes reads them from the file's pages until then.
    private var unsentBytes: Int {
        bytesInChannel + (socket.map(DirectSocket.unconfirmedBytes) ?? 0)
    }

    func forgetSentAnswers() {
        if !outgoing.isEmpty { outgoing.keep(unsent: unsentBytes) }
    }
}
