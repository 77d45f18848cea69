internal import Crypto

/// One line of the journal.
public struct JournalEntry: Hashable, Sendable {
    public var revision: Revision
    public var command: Command
    /// By the origin's wall clock, milliseconds since 1970; for people only.
    public var issuedAt: Int64
    public var issuedBy: String
    /// Over the digest before and this entry: two histories with one digest are one history.
    public var chain: ChainDigest

    public init(revision: Revision, command: Command, issuedAt: Int64, issuedBy: String, chain: ChainDigest) {
        self.revision = revision
        self.command = command
        self.issuedAt = issuedAt
        self.issuedBy = issuedBy
        self.chain = chain
    }

    /// The entry that follows `previous` on the chain.
    public init(
        revision: Revision, command: Command, issuedAt: Int64, issuedBy: String, following previous: ChainDigest
    ) {
        self.init(
            revision: revision, command: command, issuedAt: issuedAt, issuedBy: issuedBy, chain: previous)
        chain = chainDigest(following: previous)
    }

    /// What `chain` must be if this entry follows `previous`.
    public func chainDigest(following previous: ChainDigest) -> ChainDigest {
        var writer = WireWriter()
        encodeUnchained(into: &writer)
        var hash = SHA256()
        hash.update(data: previous.bytes)
        hash.update(data: writer.bytes)
        return ChainDigest(bytes: Array(hash.finalize()))
    }

    private func encodeUnchained(into writer: inout WireWriter) {
        writer.write(revision)
        command.encode(into: &writer)
        writer.write(issuedAt)
        writer.write(issuedBy)
    }
}

/// A SHA-256 over everything in the journal up to a revision.
public struct ChainDigest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Nil unless there are 32 bytes.
    public init?(exactly bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Stands before the first entry of the journal `id`, so that two journals never share a digest.
    public static func root(of id: JournalID) -> ChainDigest {
        ChainDigest(bytes: Array(SHA256.hash(data: id.wireBytes)))
    }

    public var description: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// Drawn at random when a journal is created: tells one journal from every other.
public struct JournalID: Hashable, Sendable, CustomStringConvertible {
    public let digest: Digest128

    public init(_ digest: Digest128) {
        self.digest = digest
    }

    public static func random() -> JournalID {
        var generator = SystemRandomNumberGenerator()
        return JournalID(Digest128(high: generator.next(), low: generator.next()))
    }

    public var description: String { digest.description }
}

extension JournalID: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(digest)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(try reader.digest())
    }
}

extension ChainDigest: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(bytes: bytes)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        guard let digest = ChainDigest(exactly: Array(try reader.slice())) else {
            throw WireError("a chain digest has 32 bytes")
        }
        self = digest
    }
}

extension JournalEntry: WireCodable {
    public func encode(into writer: inout WireWriter) {
        encodeUnchained(into: &writer)
        chain.encode(into: &writer)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            revision: try reader.revision(), command: try Command(from: &reader), issuedAt: try reader.signed(),
            issuedBy: try reader.string(), chain: try ChainDigest(from: &reader))
    }
}
