internal import CacheProtocol
internal import Glibc
internal import NIOCore
internal import NIOSSL
internal import Telemetry

extension ConnectionHandler {
    /// What waits in the socket is thrown away, and the client sees a reset: it must not take what it has for the whole.
    func cutOff(where isForbidden: (ObjectMetadata) -> Bool) -> EventLoopFuture<Void>? {
        guard let context, !outgoing.isEmpty || direct != nil else { return nil }
        forgetSentAnswers()
        var count = outgoing.count(where: isForbidden)
        if let direct, isForbidden(direct.object.metadata) { count += 1 }
        guard count > 0 else { return nil }
        loop.cells.erased.increment(by: UInt64(count))
        isCutOff = true
        dropDirect(byErase: true)
        return context.channel.reset()
    }

    /// What the channel holds, of this and earlier answers.
    var bytesInChannel: Int {
        Int((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// What the peer has not got yet: a socket that was given a file's bytes reads them from the file's pages until then.
    private var unsentBytes: Int {
        bytesInChannel + (socket.map(DirectSocket.unconfirmedBytes) ?? 0) + (pieces?.count ?? 0)
    }

    func forgetSentAnswers() {
        guard !outgoing.isEmpty else { return }
        // What is not flushed, TLS holds, and the channel does not know of.
        if isEncrypted { flush() }
        outgoing.keep(unsent: unsentBytes)
    }
}

extension Channel {
    /// Closes it without an orderly end. What was not sent yet is thrown away.
    ///
    /// - Returns: Is fulfilled when it is closed and has let go of all that it was given.
    func reset() -> EventLoopFuture<Void> {
        // Fails only where the peer has reset the connection before us.
        _ = (self as? any SocketOptionProvider)?.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0))
        // TLS would say goodbye first, and wait for the client to say it too.
        if let encryption = try? pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) {
            encryption.close(promise: nil)
        } else {
            pipeline.close(promise: nil)
        }
        return closeFuture
    }
}
