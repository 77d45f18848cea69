import Dispatch
import ObjectCache

/// Reads of cache files that may wait for the disk, kept off Swift's cooperative threads.
enum BlockingRead {
    private static let queue = DispatchQueue(label: "vignette.cache-read", attributes: .concurrent)

    static func bytes(of body: CachedBody) async throws -> SharedBytes {
        if case .memory(let bytes) = body { return bytes }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { () throws in try body.bytes() })
            }
        }
    }
}
