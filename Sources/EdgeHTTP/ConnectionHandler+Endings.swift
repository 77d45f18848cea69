internal import CacheProtocol
internal import NIOCore

extension ConnectionHandler {
    func checkDeadlines(_ now: BootInstant) {
        let seconds = now.milliseconds(since: since) / 1000
        switch phase {
        case .ready where unread.readableBytes > 0:
            if seconds >= loop.configuration.headSeconds { refuse(HeadFault.slow.failure, head: unread) }
        case .ready:
            if seconds >= loop.configuration.idleSeconds { context?.close(promise: nil) }
        case .sending, .lingering:
            let unsent = (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            guard unsent == unsentBefore else {
                unsentBefore = unsent
                since = now
                return
            }
            var limit = loop.configuration.stallSeconds
            if case .lingering = phase, unsent == 0 { limit = loop.configuration.lingerSeconds }
            if seconds >= limit { context?.close(promise: nil) }
        case .waiting, .closed:
            break
        }
    }

    /// Answers say that they are the connection's last: see `ending`.
    func leave() {}

    func drain() {
        flush()
        if case .ready = phase, unread.readableBytes == 0 { linger() }
    }

    func abort() {
        context?.close(promise: nil)
    }

    func complete(_ completion: Completion) {
        completion.record(client: client, on: loop)
    }
}
