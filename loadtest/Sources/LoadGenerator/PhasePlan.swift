internal import NIOCore
internal import Synchronization

/// Everything the event loops need to know about one phase (priming, or the run itself), and the little they share.
final class PhasePlan: Sendable {
    struct Target: Sendable {
        var address: SocketAddress
        /// What follows the request target on the wire.
        var requestTail: [UInt8]
    }

    let targets: [Target]
    let mix: TrafficMix
    let load: Load
    let loopCount: Int
    /// Nanoseconds of the monotonic clock. Requests intended from `measureFrom` on are counted.
    let start: UInt64
    let measureFrom: UInt64
    let end: UInt64
    let requestLimit: Int?
    let timeout: UInt64
    let checksImages: Bool
    /// A closed loop's connection that is refused is not tried again.
    let givesUpWhenRefused: Bool
    /// An open loop opens all of its connections at once, and uses them in turn.
    let usesAllConnections: Bool

    private let nextSequence = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let hasRunOut = Atomic<Bool>(false)

    /// `start` is now plus `delay` nanoseconds, in which the loops get ready.
    init(
        scenario: Scenario, mix: TrafficMix, endpoints: [Endpoint], load: Load, loopCount: Int, requestLimit: Int?,
        warmupSeconds: Double, durationSeconds: Double, checksImages: Bool, givesUpWhenRefused: Bool,
        usesAllConnections: Bool = false, delay: UInt64
    ) throws {
        let fields = try Self.fieldLines(scenario.headers)
        targets = try endpoints.map { endpoint in
            Target(
                address: try SocketAddress(ipAddress: endpoint.address, port: endpoint.port),
                requestTail: Array(" HTTP/1.1\r\nHost: \(endpoint.authority)\r\n\(fields)\r\n".utf8)
            )
        }
        self.mix = mix
        self.load = load
        self.loopCount = loopCount
        self.requestLimit = requestLimit
        self.checksImages = checksImages
        self.givesUpWhenRefused = givesUpWhenRefused
        self.usesAllConnections = usesAllConnections
        start = monotonicNow() + delay
        measureFrom = start + nanoseconds(warmupSeconds)
        end = measureFrom + nanoseconds(durationSeconds)
        timeout = nanoseconds(scenario.timeoutSeconds)
    }

    private static func fieldLines(_ headers: [String: String]) throws -> String {
        try headers.sorted { $0.key < $1.key }.map { name, value in
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            let isValue = value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
            guard isName, isValue else {
                throw LoadTestError(.scenario, "the header \"\(name)\" can't be sent: names and values are printable ASCII")
            }
            guard !["host", "connection", "content-length", "transfer-encoding"].contains(name.lowercased()) else {
                throw LoadTestError(.scenario, "the header \"\(name)\" is the generator's own business; leave it out")
            }
            return "\(name): \(value)\r\n"
        }.joined()
    }

    /// When an open loop's request number `sequence` is due.
    func intendedTime(_ sequence: Int, rate: Double) -> UInt64 {
        start + UInt64(Double(sequence) * 1e9 / rate)
    }

    /// A closed loop's next request number, or nil after the last.
    func takeSequence() -> Int? {
        let sequence = nextSequence.add(1, ordering: .relaxed).oldValue
        return isWithinLimit(sequence) ? sequence : nil
    }

    func isWithinLimit(_ sequence: Int) -> Bool {
        requestLimit.map { sequence < $0 } ?? true
    }

    func pick(_ sequence: Int) -> Pick? {
        if let pick = mix.pick(sequence) { return pick }
        hasRunOut.store(true, ordering: .relaxed)
        return nil
    }

    /// Whether the run ended because every URL had been asked.
    var ranOutOfURLs: Bool { hasRunOut.load(ordering: .relaxed) }

    var stopRequested: Bool { isStopped.load(ordering: .relaxed) }

    func requestStop() {
        isStopped.store(true, ordering: .relaxed)
    }
}
