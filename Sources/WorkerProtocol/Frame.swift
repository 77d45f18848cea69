/// The messages between origin and worker, one per packet of a SOCK_SEQPACKET socket.
///
///     0  4  magic "VGWK"
///     4  1  version, 1
///     5  1  kind: 1 job, 2 ready, 3 done, 4 failed
///     6  2  reserved, 0
///     8  8  job number (0 in ready)
///    16  …  the fields of that kind, in the order of the methods below
///
/// Integers are little endian; a count or size is 8 bytes; a text is a 2-byte length and printable ASCII. Invariants:
///  1. `job` carries one descriptor: the source, sealed memory of exactly `sourceBytes`. `done` carries one: the result,
///     sealed memory of exactly `byteCount`. The others carry none.
///  2. A worker says `ready` once, first; then it answers each `job` with one `done` or `failed` of the same number.
///  3. A worker is sent the next job only after it answered the one before.
public enum Frame: Hashable, Sendable {
    case job(TransformJob)
    case ready
    case done(TransformResult)
    case failed(job: UInt64, TransformFailure)

    /// Longer messages are refused unread.
    public static let largestSize = 16 * 1024

    static let magic: UInt32 = 0x4B57_4756
    static let version: UInt8 = 1
    private enum Kind: UInt8 {
        case job = 1
        case ready = 2
        case done = 3
        case failed = 4
    }
}

/// One transform to be done.
public struct TransformJob: Hashable, Sendable {
    public var number: UInt64
    public var sourceBytes: Int
    /// In canonical form.
    public var recipe: String
    public var policy: OutputPolicy
    public var limits: TransformLimits
    /// CPU seconds after which the kernel ends the worker, should the origin no longer be able to.
    public var cpuSeconds: Int

    public init(
        number: UInt64, sourceBytes: Int, recipe: String, policy: OutputPolicy, limits: TransformLimits, cpuSeconds: Int
    ) {
        self.number = number
        self.sourceBytes = sourceBytes
        self.recipe = recipe
        self.policy = policy
        self.limits = limits
        self.cpuSeconds = cpuSeconds
    }
}

/// What a finished transform made; the bytes travel beside it.
public struct TransformResult: Hashable, Sendable {
    public var job: UInt64
    /// The word of `f-` for the output's format.
    public var format: String
    public var width: Int
    public var height: Int
    public var byteCount: Int
    public var sourceWidth: Int
    public var sourceHeight: Int
    /// CPU time that the job took in the worker.
    public var cpuMicroseconds: Int

    public init(
        job: UInt64, format: String, width: Int, height: Int, byteCount: Int, sourceWidth: Int, sourceHeight: Int,
        cpuMicroseconds: Int
    ) {
        self.job = job
        self.format = format
        self.width = width
        self.height = height
        self.byteCount = byteCount
        self.sourceWidth = sourceWidth
        self.sourceHeight = sourceHeight
        self.cpuMicroseconds = cpuMicroseconds
    }
}

extension Frame {
    public var bytes: [UInt8] {
        var writer = FrameWriter()
        switch self {
        case .job(let job):
            Frame.writeHeader(.job, job.number, &writer)
            job.write(to: &writer)
        case .ready:
            Frame.writeHeader(.ready, 0, &writer)
        case .done(let result):
            Frame.writeHeader(.done, result.job, &writer)
            result.write(to: &writer)
        case .failed(let job, let failure):
            Frame.writeHeader(.failed, job, &writer)
            failure.write(to: &writer)
        }
        return writer.bytes
    }

    /// Reads one message; every field is checked.
    public init(_ bytes: [UInt8]) throws(FrameError) {
        var reader = FrameReader(bytes)
        guard try reader.read(UInt32.self) == Frame.magic else { throw FrameError("wrong magic") }
        let version = try reader.read(UInt8.self)
        guard version == Frame.version else {
            throw FrameError("protocol version \(version); this side speaks \(Frame.version)")
        }
        let kindByte = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: kindByte) else { throw FrameError("unknown kind \(kindByte)") }
        guard try reader.read(UInt16.self) == 0 else { throw FrameError("the reserved field is not 0") }
        let job = try reader.read(UInt64.self)
        switch kind {
        case .job:
            self = .job(try TransformJob(number: job, from: &reader))
        case .ready:
            guard job == 0 else { throw FrameError("ready names a job") }
            self = .ready
        case .done:
            self = .done(try TransformResult(job: job, from: &reader))
        case .failed:
            self = .failed(job: job, try TransformFailure(from: &reader))
        }
        try reader.end()
    }

    private static func writeHeader(_ kind: Kind, _ job: UInt64, _ writer: inout FrameWriter) {
        writer.write(magic)
        writer.write(version)
        writer.write(kind.rawValue)
        writer.write(UInt16(0))
        writer.write(job)
    }
}
