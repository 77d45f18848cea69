import Glibc
import Testing
@testable import WorkerProtocol

struct FrameTests {
    static let job = Frame.job(
        TransformJob(
            number: 7, sourceBytes: 123, recipe: "w-300,h-200:w-100,f-webp",
            policy: OutputPolicy(acceptsWebP: true, acceptsAVIF: false, defaultQuality: 80), limits: TransformLimits(),
            cpuSeconds: 30))
    static let done = Frame.done(
        TransformResult(
            job: 7, format: "webp", width: 300, height: 200, byteCount: 4567, sourceWidth: 4000, sourceHeight: 3000,
            cpuMicroseconds: 57_600))
    static let failed = Frame.failed(
        job: 7, .tooLarge(.inputPixels, actual: 200_000_000, allowed: 100_000_000))

    @Test(arguments: [job, .ready, done, failed, .failed(job: 1, TransformFailure(.corrupt, subject: "JPEG"))])
    func comesBackAsItWasSent(_ frame: Frame) throws {
        #expect(try Frame(frame.bytes) == frame)
        #expect(frame.bytes.count <= Frame.largestSize)
    }

    @Test("Every byte cut off, every byte added: refused", arguments: [job, .ready, done, failed])
    func refusesOtherLengths(_ frame: Frame) {
        for count in 0..<frame.bytes.count {
            #expect(throws: FrameError.self) { try Frame(Array(frame.bytes.prefix(count))) }
        }
        #expect(throws: FrameError.self) { try Frame(frame.bytes + [0]) }
    }

    @Test func refusesFieldsOutOfRange() {
        var result = TransformResult(
            job: 1, format: "jpg", width: 1, height: 1, byteCount: 1, sourceWidth: 1, sourceHeight: 1, cpuMicroseconds: 0)
        result.width = 0
        #expect(throws: FrameError.self) { try Frame(Frame.done(result).bytes) }
        result.width = 65_537
        #expect(throws: FrameError.self) { try Frame(Frame.done(result).bytes) }
        result.width = 1
        result.byteCount = 1 << 41
        #expect(throws: FrameError.self) { try Frame(Frame.done(result).bytes) }
        result.byteCount = 1
        result.format = "jpg\r\nset-cookie:"
        #expect(throws: FrameError.self) { try Frame(Frame.done(result).bytes) }
        #expect(throws: FrameError.self) {
            try Frame(Frame.failed(job: 1, TransformFailure(.tooLarge, limit: .none)).bytes)
        }
    }

    @Test func textsFromAWorkerAreShortAndPrintable() {
        let failure = TransformFailure(.corrupt, subject: "a\r\nb\u{1F600}", diagnostic: String(repeating: "x", count: 5000))
        #expect(failure.subject == "a??b????")
        #expect(failure.diagnostic.count == 512)
    }

    /// Bytes at random, and good frames with random damage: read or refused, never a crash; what is read says the same
    /// when it is written again.
    @Test func noBytesCrashTheReader() throws {
        var random = SeededRandom.forThisTest()
        let frames = [FrameTests.job, .ready, FrameTests.done, FrameTests.failed].map(\.bytes)
        for round in 0..<200_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 8) {
                bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            } else {
                bytes = frames[Int.random(in: 0..<frames.count, using: &random)]
                for _ in 0...Int.random(in: 0...3, using: &random) {
                    damage(&bytes, &random)
                }
            }
            if let frame = try? Frame(bytes) {
                #expect(frame.bytes == bytes)
            }
        }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &random)]
        case 2: bytes.remove(at: index)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        }
    }
}

/// SplitMix64. The seed is printed, and `VIGNETTE_SEED` replays it.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    static func forThisTest(_ name: String = #function) -> SeededRandom {
        let given = getenv("VIGNETTE_SEED").flatMap { UInt64(String(cString: $0)) }
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        print("\(name): VIGNETTE_SEED=\(seed)")
        return SeededRandom(state: seed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
