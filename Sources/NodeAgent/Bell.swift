/// Wakes one waiting loop; rings that come while it works are one ring.
final class Bell: Sendable {
    let rings: AsyncStream<Void>
    private let feed: AsyncStream<Void>.Continuation

    init() {
        (rings, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() {
        feed.yield()
    }
}
