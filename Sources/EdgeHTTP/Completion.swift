internal import CacheProtocol
internal import Telemetry

/// A request that is over: counted, and told in one access line.
struct Completion {
    let exchange: Exchange
    private var status: UInt16
    private var bytes: Int
    private var cacheStatus: CacheStatus
    private var error: String?
    private var isAborted = false
    private var isErased = false
    /// What logs commonly write where the client closed before there was an answer; nothing that is ever sent.
    private static let clientClosed: UInt16 = 499

    /// Nanoseconds.
    var duration: UInt64 = 0

    init(_ exchange: Exchange, _ plan: ResponsePlan) {
        self.exchange = exchange
        status = plan.status
        bytes = plan.sendsBody ? plan.contentLength : 0
        cacheStatus = plan.cacheStatus
        error = plan.errorCode
    }

    /// A whole plain hit.
    init(hit exchange: Exchange, bytes: Int) {
        self.exchange = exchange
        status = 200
        self.bytes = bytes
        cacheStatus = .hit
    }

    /// Of a connection that goes on.
    init(hit request: EdgeRequest, bytes: Int) {
        self.init(hit: Exchange(request, ConnectionUse(goesOn: true)), bytes: bytes)
    }

    /// The client went away before there was an answer.
    init(aborted exchange: Exchange, now: BootInstant = .now()) {
        self.exchange = exchange
        status = Self.clientClosed
        bytes = 0
        cacheStatus = CacheStatus(outcome: nil, reason: nil)
        isAborted = true
        error = "ABORTED"
        duration = now.nanoseconds &- exchange.began.nanoseconds
    }

    /// The client went away before all of the answer was sent; or the object was erased, and we cut the answer off.
    mutating func abort(byErase isErased: Bool) {
        isAborted = !isErased
        self.isErased = isErased
        error = isErased ? "ERASED" : "ABORTED"
    }

    /// What ``record(client:on:)`` does of a whole plain hit, whose access line alone needs more than these.
    static func recordHit(_ request: EdgeRequest, bytes: Int, duration: UInt64, client: String, on loop: LoopState) {
        guard loop.access == nil else {
            var completion = Completion(hit: request, bytes: bytes)
            completion.duration = duration
            return completion.record(client: client, on: loop)
        }
        let cells = loop.cells
        cells.answers[AnswerLabel(.hit)].increment()
        cells.statuses[StatusClass(200)].increment()
        cells.duration.record(duration)
        cells.bytes.increment(by: UInt64(bytes))
    }

    func record(client: String, on loop: LoopState) {
        let cells = loop.cells
        cells.answers[AnswerLabel(cacheStatus.outcome)].increment()
        if let reason = cacheStatus.reason { cells.notHits[reason].increment() }
        if status != Self.clientClosed { cells.statuses[StatusClass(status)].increment() }
        cells.duration.record(duration)
        if isAborted {
            cells.aborted.increment()
        } else if !isErased {
            cells.bytes.increment(by: UInt64(bytes))
        }
        guard let access = loop.access else { return }
        let line = AccessLine(
            method: exchange.method, status: status, bytes: UInt64(bytes), durationMicroseconds: duration / 1000,
            cache: cacheStatus.outcome, reason: cacheStatus.reason?.label, error: error
        )
        if let request = exchange.request, Self.record(line, client, request, in: access) { return }
        access.record(line, client: client, target: SignatureMask.hide(exchange.rawTarget ?? exchange.request?.target ?? "-"))
    }

    /// From the request's own bytes, if there is nothing in them to hide.
    private static func record(_ line: AccessLine, _ client: String, _ request: EdgeRequest, in access: AccessChannel) -> Bool {
        request.withTarget { target in
            guard !SignatureMask.mayHide(target) else { return false }
            var client = client
            client.withUTF8 { client in
                target.withUnsafeBytes { access.record(line, client: UnsafeRawBufferPointer(client), target: $0) }
            }
            return true
        }
    }
}
