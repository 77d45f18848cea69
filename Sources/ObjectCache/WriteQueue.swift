internal import CacheProtocol
internal import Synchronization

/// A record on its way to the disk.
struct PendingWrite: Sendable {
    var key: CacheKey
    var record: CachedRecord
    /// The metadata's wire form.
    var metadata: [UInt8]
    var body: SharedBytes
    /// On the disk.
    var extent: Int

    /// What it holds of memory, and by which the queue counts: a small record is several times its extent.
    var memoryCost: Int { record.memoryCost + metadata.count + MemoryLayout<Self>.stride }
}

/// What else the writer thread is asked for. Each answer is given exactly once.
enum WriterRequest: Sendable {
    case flush(CheckedContinuation<Void, Never>)
    case checkpoint(CheckedContinuation<Void, Never>)
    case removeAll(CheckedContinuation<ObjectCacheError?, Never>)
    case raiseFloor(Revision, CheckedContinuation<ObjectCacheError?, Never>)
    case reclaim([Erasure], CheckedContinuation<Result<[Reclaimed], ObjectCacheError>, Never>)
    case find([SourceIdentity], CheckedContinuation<Result<[FoundRecord], ObjectCacheError>, Never>)
    case stop(CheckedContinuation<Void, Never>?)

    func refuse() {
        switch self {
        case .flush(let waiter), .checkpoint(let waiter): waiter.resume()
        case .removeAll(let waiter), .raiseFloor(_, let waiter): waiter.resume(returning: .closed)
        case .reclaim(_, let waiter): waiter.resume(returning: .failure(.closed))
        case .find(_, let waiter): waiter.resume(returning: .failure(.closed))
        case .stop(let waiter): waiter?.resume()
        }
    }
}

/// The write-behind queue: bounded by bytes, first in first out. Whoever stores never waits for the disk.
final class WriteQueue: Sendable {
    private struct State {
        var writes: [PendingWrite] = []
        var requests: [WriterRequest] = []
        var bytes = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: Int
    let bell = Doorbell()

    init(limit: Int) {
        self.limit = limit
    }

    enum Reservation {
        case granted, full, closed
    }

    /// Sets bytes aside for a write that `add` brings, or `release` gives back.
    func reserve(_ bytes: Int) -> Reservation {
        state.withLock { state in
            if state.isClosed { return .closed }
            // A single object may be larger than the limit when nothing else waits.
            guard state.bytes == 0 || state.bytes + bytes <= limit else { return .full }
            state.bytes += bytes
            return .granted
        }
    }

    func release(_ bytes: Int) {
        state.withLock { $0.bytes -= bytes }
    }

    func add(_ write: PendingWrite) {
        state.withLock { $0.writes.append(write) }
        bell.ring()
    }

    func ask(_ request: WriterRequest) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.requests.append(request) }
            return state.isClosed
        }
        if isClosed { request.refuse() } else { bell.ring() }
    }

    func take() -> (writes: [PendingWrite], requests: [WriterRequest]) {
        state.withLock { state in
            defer { (state.writes, state.requests) = ([], []) }
            return (state.writes, state.requests)
        }
    }

    /// From now on nothing is taken in.
    /// - Returns: what had come in before.
    func close() -> (writes: [PendingWrite], requests: [WriterRequest]) {
        state.withLock { state in
            state.isClosed = true
            defer { (state.writes, state.requests) = ([], []) }
            return (state.writes, state.requests)
        }
    }

    var pendingBytes: Int { state.withLock { $0.bytes } }
}
