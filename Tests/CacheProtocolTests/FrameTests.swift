import CacheProtocol
import Testing

struct FrameTests {
    private static func payload(_ length: Int, _ generator: inout SeededGenerator, packs: Bool) -> [UInt8] {
        packs
            ? (0..<length).map { UInt8(truncatingIfNeeded: $0 / 64) }
            : (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    @Test(arguments: [0, 1, 511, 512, 513, 4_096, 1 << 20, Frame.maxPayload], [true, false])
    func aPayloadComesBack(length: Int, packs: Bool) throws {
        var generator = SeededGenerator(seed: UInt64(length))
        let payload = Self.payload(length, &generator, packs: packs)
        let frame = Frame.seal(payload)
        let opened = try #require(try Frame.open(frame[...]))
        #expect(opened.payload == payload)
        #expect(opened.length == frame.count)
        #expect(frame.count <= Frame.headerLength + length)
        if packs, length >= 4_096 { #expect(frame.count < length / 4) }
    }

    @Test func framesFollowEachOther() throws {
        var rest = (Frame.seal([1, 2, 3]) + Frame.seal(Array(repeating: 7, count: 10_000)) + Frame.seal([]))[...]
        var lengths: [Int] = []
        while let frame = try Frame.open(rest) {
            lengths.append(frame.payload.count)
            rest = rest.dropFirst(frame.length)
        }
        #expect(lengths == [3, 10_000, 0])
        #expect(rest.isEmpty)
    }

    @Test func aFrameThatIsStillArrivingIsWaitedFor() throws {
        let frame = Frame.seal(Array(repeating: 7, count: 10_000))
        for count in 0..<frame.count { #expect(try Frame.open(frame[..<count]) == nil) }
    }

    @Test func everyFlippedBitIsFound() throws {
        for payload in [[UInt8](repeating: 7, count: 600), [1, 2, 3]] {
            let frame = Frame.seal(payload)
            for bit in 0..<frame.count * 8 {
                var wrong = frame
                wrong[bit / 8] ^= 1 << UInt8(bit % 8)
                // A longer length may only make it wait, which the end of the stream then answers.
                if let opened = try? Frame.open(wrong[...]) {
                    Issue.record(
                        "bit \(bit) of \(frame.count * 8) was flipped and \(opened.payload.count) bytes were read")
                }
            }
        }
    }

    @Test func aWholeMessageIsOneFrame() throws {
        let request = FetchRequest(host: "h", target: "/t", accept: 1, minRevision: .zero, patience: 5)
        let frame = Frame.seal(request)
        #expect(try Frame.open(FetchRequest.self, frame) == request)
        #expect(throws: WireError.self) { try Frame.open(FetchRequest.self, frame + [0]) }
        #expect(throws: WireError.self) { try Frame.open(FetchRequest.self, Array(frame.dropLast())) }
    }

    @Test func anotherVersionIsRefusedByName() {
        var frame = Frame.seal([1])
        frame[2] = Frame.version + 1
        let error = #expect(throws: WireError.self) { try Frame.open(frame[...]) }
        #expect(error?.description.contains("version 2") == true)
    }

    @Test func noiseIsNoFrame() {
        withSeeds(2_000) { generator in
            var noise = Self.payload(Int.random(in: 0...80, using: &generator), &generator, packs: false)
            if generator.flag(), noise.count >= 4 {
                noise.replaceSubrange(0..<4, with: [0x56, 0x47, Frame.version, 1])
            }
            if let frame = try? Frame.open(noise[...]) {
                throw Mismatch(description: "\(frame.length) bytes of noise were taken for a frame")
            }
        }
    }
}
