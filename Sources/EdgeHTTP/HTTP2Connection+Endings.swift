internal import CacheProtocol
internal import NIOCore
internal import NIOHTTP2
internal import Telemetry

/// Deadlines, erases, and how a connection is ended.
extension HTTP2Connection {
    func checkDeadlines(_ now: BootInstant) {
        let unsent = bytesInChannel
        if unsent != unsentBefore.bytes || unsent == 0 { unsentBefore = (unsent, now) }
        if hasStalled(unsentBefore.since, now) { return abort() }
        for stream in streams.values where !stream.isWaiting {
            // One that waits for its turn is held up by the others, unless the client takes nothing of any.
            let since = stream.isInTurn ? max(sentAt, stream.answeredAt) : stream.since
            guard hasStalled(since, now), !stream.isInTurn || window <= 0 else { continue }
            write(.rstStream(.cancel), stream.id)
            drop(stream.id)
        }
        flush()
        endIfDrained()
        if isEnding { return closeIfSent() }
        if streams.isEmpty, unsent == 0, now.milliseconds(since: since) / 1000 >= loop.configuration.idleSeconds { endInOrder() }
    }

    private func hasStalled(_ since: BootInstant, _ now: BootInstant) -> Bool {
        now.milliseconds(since: since) / 1000 >= loop.configuration.stallSeconds
    }

    /// What is not flushed, or held by the framing, the channel does not know of.
    func forgetSentAnswers() {
        guard !outgoing.isEmpty else { return }
        flush()
        outgoing.keep(unsent: bytesInChannel + max(0, handedOver - written.bytes))
    }

    /// What the channel holds, encrypted: never less than what was given to it.
    private var bytesInChannel: Int {
        Int((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// Resets the whole connection, and its other streams with it: what waits in the socket can't be taken back otherwise.
    func cutOff(where isForbidden: (ObjectMetadata) -> Bool) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        forgetSentAnswers()
        let underWay = streams.values.count { $0.object.map { isForbidden($0.metadata) } ?? false }
        let count = outgoing.count(where: isForbidden) + underWay
        guard count > 0 else { return nil }
        loop.cells.erased.increment(by: UInt64(count))
        isCutOff = true
        return context.channel.reset()
    }

    func leave() {
        guard !isLeaving else { return }
        isLeaving = true
        // Streams that are on their way are answered still (RFC 9113 §6.8).
        write(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil), .rootStream)
        flush()
    }

    func drain() {
        isDraining = true
        isLeaving = true
        if streams.isEmpty { endInOrder() }
    }

    func abort() {
        context?.close(promise: nil)
    }

    /// To be called when a stream is over.
    func endIfDrained() {
        if isDraining, streams.isEmpty { endInOrder() }
    }

    private func endInOrder() {
        guard !isEnding else { return }
        isEnding = true
        write(.goAway(lastStreamID: newestStream, errorCode: .noError, opaqueData: nil), .rootStream)
        flush()
        closeIfSent()
    }

    /// TLS would throw away what a slow client has not taken within some seconds.
    private func closeIfSent() {
        if bytesInChannel == 0 { context?.close(promise: nil) }
    }
}
