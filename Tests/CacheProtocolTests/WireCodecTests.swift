import CacheProtocol
import Testing

/// What crosses between nodes is read back as it was written; anything else is refused, never a crash.
struct WireCodecTests {
    /// One kind of message: made at random, and read from any bytes.
    private struct Kind {
        var name: String
        var check: (inout SeededGenerator) throws -> [UInt8]
        var read: ([UInt8]) throws -> [UInt8]

        init<Message: WireCodable & Equatable>(_: Message.Type, _ make: @escaping (inout SeededGenerator) -> Message) {
            name = "\(Message.self)"
            check = { generator in
                let message = make(&generator)
                let bytes = message.wireBytes
                try expectEqual(try Message(wireBytes: bytes), message, "round trip of a \(Message.self)")
                return bytes
            }
            read = { try Message(wireBytes: $0).wireBytes }
        }
    }

    private let kinds = [
        Kind(Command.self) { $0.command() }, Kind(JournalEntry.self) { $0.entry() },
        Kind(FollowRequest.self) { $0.followRequest() }, Kind(FollowAnswer.self) { $0.followAnswer() },
        Kind(NodeReport.self) { $0.report() }, Kind(EdgeConfigurationAnswer.self) { $0.configurationAnswer() },
        Kind(RuleSnapshot.self) { $0.snapshot() },
        Kind(ObjectScope.self) { $0.scope() }, Kind(ObjectMetadata.self) { $0.metadata() },
        Kind(FetchRequest.self) { $0.fetchRequest() }, Kind(FetchAnswer.self) { $0.fetchAnswer() },
        Kind(NodeIdentity.self) { $0.node() }, Kind(SourceIdentity.self) { $0.source() },
        Kind(JournalID.self) { $0.journal() }, Kind(ChainDigest.self) { .root(of: $0.journal()) },
    ]

    @Test func everyMessageIsReadBackAsItWasWritten() {
        withSeeds(300) { generator in for kind in kinds { _ = try kind.check(&generator) } }
    }

    @Test func everyPrefixAndEveryExtensionIsRefused() {
        withSeeds(20) { generator in
            for kind in kinds {
                let bytes = try kind.check(&generator)
                for wrong in bytes.indices.map({ Array(bytes[..<$0]) }) + [bytes + [0]] {
                    guard (try? kind.read(wrong)) == nil else {
                        throw Mismatch(
                            description: "a \(kind.name) of \(bytes.count) bytes was read from \(wrong.count)")
                    }
                }
            }
        }
    }

    @Test func noBytesCrashAReader() {
        withSeeds(300) { generator in
            for kind in kinds {
                var bytes = try kind.check(&generator)
                for _ in 0..<8 where !bytes.isEmpty {
                    let place = Int.random(in: bytes.indices, using: &generator)
                    bytes[place] = UInt8(truncatingIfNeeded: generator.number())
                    // What is accepted is a message: it can be written and read again.
                    if let again = try? kind.read(bytes) { _ = try kind.read(again) }
                }
                let noise = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                    UInt8(truncatingIfNeeded: generator.next())
                }
                if let again = try? kind.read(noise) { _ = try kind.read(again) }
            }
        }
    }

    @Test(arguments: [0, 1, 127, 128, 1 << 63, UInt64.max]) func integersKeepTheirValue(_ value: UInt64) throws {
        var writer = WireWriter()
        writer.write(value)
        writer.write(Int64(bitPattern: value))
        var reader = WireReader(writer.bytes)
        #expect(try reader.unsigned() == value)
        #expect(try reader.signed() == Int64(bitPattern: value))
        try reader.finish()
    }

    @Test func anIntegerOfMoreThan64BitsIsRefused() {
        for bytes in [Array(repeating: UInt8(0xFF), count: 11), Array(repeating: 0xFF, count: 9) + [2]] {
            #expect(throws: WireError.self) {
                var reader = WireReader(bytes)
                _ = try reader.unsigned()
            }
        }
    }

    @Test func aListLongerThanItsBytesIsRefusedBeforeMemoryIsAskedFor() {
        var writer = WireWriter()
        writer.write(UInt64.max)
        #expect(throws: WireError.self) {
            var reader = WireReader(writer.bytes)
            _ = try reader.list { (reader) throws(WireError) in try reader.byte() }
        }
    }
}
