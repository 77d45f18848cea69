/// An answer whose body is still arriving. One task reads it. Letting go of it ends the transfer.
public final class CurlStream: Sendable {
    public let head: CurlHead

    private let buffer: StreamBuffer
    private let id: TransferID
    private let loop: TransferLoop
    private let client: CurlClient

    init(head: CurlHead, buffer: StreamBuffer, id: TransferID, loop: TransferLoop, client: CurlClient) {
        self.head = head
        self.buffer = buffer
        self.id = id
        self.loop = loop
        self.client = client
    }

    deinit {
        loop.cancel(id)
    }

    /// The bytes that came since the last call, waiting for some; `nil` when the body is complete.
    ///
    /// - Throws: why the body is not complete. What was returned before must not be taken for a whole body.
    public func next() async throws(CurlError) -> [UInt8]? {
        let (chunk, wasPaused) = await withTaskCancellationHandler {
            await withCheckedContinuation { buffer.awaitChunk($0) }
        } onCancel: {
            loop.cancel(id)
        }
        if wasPaused {
            loop.resume(id)
        }
        return try chunk.get()
    }
}
