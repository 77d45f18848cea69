/// An HTTP client on libcurl's multi interface: any number of concurrent transfers on one thread of its own, which
/// ends with the client or at ``shutdown()``. Connections are kept and reused.
public final class CurlClient: Sendable {
    private let loop: TransferLoop
    private let configuration: CurlConfiguration

    /// - Throws: ``CurlError/Code/failed`` when libcurl or the thread cannot be set up.
    public init(configuration: CurlConfiguration = CurlConfiguration()) throws(CurlError) {
        self.configuration = configuration
        self.loop = try TransferLoop(configuration: configuration)
    }

    deinit {
        loop.stop()
    }

    /// Sends `request` and gathers the whole answer, whatever its status. Cancelling the task ends the transfer.
    public func perform(_ request: CurlRequest) async throws(CurlError) -> CurlResponse {
        let promise = Promise<CurlResponse>()
        let id = loop.start(request, for: .gathering(promise))
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { promise.await($0) }
        } onCancel: {
            loop.cancel(id)
        }.get()
    }

    /// Sends `request` and returns as soon as the answer's head is here; the body follows chunk by chunk, no faster
    /// than it is read. Cancelling the task, or letting go of the stream, ends the transfer.
    public func stream(_ request: CurlRequest) async throws(CurlError) -> CurlStream {
        let buffer = StreamBuffer(capacity: configuration.streamBufferBytes)
        let id = loop.start(request, for: .streaming(buffer))
        let head = await withTaskCancellationHandler {
            await withCheckedContinuation { buffer.awaitHead($0) }
        } onCancel: {
            loop.cancel(id)
        }
        return CurlStream(head: try head.get(), buffer: buffer, id: id, loop: loop, client: self)
    }

    /// Ends the thread. Transfers under way, and those asked for later, fail with ``CurlError/Code/shutDown``.
    public func shutdown() {
        loop.stop()
    }
}
