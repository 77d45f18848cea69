/// An edge asks an origin for the object that a client's request means. The origin derives verdict, recipe and key anew
/// from the client's own words (DESIGN §4, rule 11).
public struct FetchRequest: Hashable, Sendable {
    /// The client's `Host`.
    public var host: String
    /// The raw request target, as the client sent it.
    public var target: String
    /// What of `Accept` matters, as the bits that the URL module defines.
    public var accept: UInt8
    /// An origin that has not applied this revision may not answer.
    public var minRevision: Revision
    /// The edge's own floor: nothing that was filled before it is of use there, whatever floor the origin has.
    public var floor: Revision
    /// What is left of the client's time: milliseconds.
    public var patience: UInt64
    /// What the edge will keep the answer under. An origin whose configuration reads the target as another variant must
    /// not answer: one would lie under the key of the other.
    public var key: CacheKey?

    public init(
        host: String, target: String, accept: UInt8, minRevision: Revision, floor: Revision = .zero, patience: UInt64,
        key: CacheKey? = nil
    ) {
        self.host = host
        self.target = target
        self.accept = accept
        self.minRevision = minRevision
        self.floor = floor
        self.patience = patience
        self.key = key
    }
}

/// The head of a fetch answer; the body follows it, `bodyLength` bytes.
public enum FetchAnswer: Hashable, Sendable {
    case object(FetchedObject)
    case failure(FetchFailure)
}

public struct FetchedObject: Hashable, Sendable {
    public var metadata: ObjectMetadata
    /// How old the object is already: milliseconds.
    public var age: UInt64
    public var bodyLength: UInt64
    /// CRC-32C of the body.
    public var bodyChecksum: UInt32
    /// What the origin did for it.
    public var work: OriginWork

    public init(
        metadata: ObjectMetadata, age: UInt64, bodyLength: UInt64, bodyChecksum: UInt32, work: OriginWork
    ) {
        self.metadata = metadata
        self.age = age
        self.bodyLength = bodyLength
        self.bodyChecksum = bodyChecksum
        self.work = work
    }
}

/// What an origin did for an answer, from the least to the most.
public enum OriginWork: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The variant was in the shield.
    case variantHit = 1
    /// Another request was making it.
    case collapsed = 2
    /// Transformed from a source in the shield.
    case transformed = 3
    /// Read from storage and transformed.
    case fetched = 4

    /// The word for `Cache-Status` detail, metrics and logs.
    public var description: String {
        switch self {
        case .variantHit: "shield"
        case .collapsed: "shield-collapsed"
        case .transformed: "transformed"
        case .fetched: "storage"
        }
    }
}

/// Why there is no object, and what the client is to see.
public struct FetchFailure: Error, Hashable, Sendable {
    public var status: UInt16
    /// The bounded word that `ik-error` begins with: ENOENT, ELIMIT, …
    public var code: String
    /// For people: what is wrong and where.
    public var message: String
    /// Seconds; sent as `Retry-After` when it is not 0.
    public var retryAfter: UInt32
    /// What an edge may remember the failure by; nil when it must not.
    public var negative: Negative?
    /// Whether another origin might do better.
    public var tryNextOrigin: Bool

    public init(
        status: UInt16, code: String, message: String, retryAfter: UInt32 = 0, negative: Negative? = nil,
        tryNextOrigin: Bool = false
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.negative = negative
        self.tryNextOrigin = tryNextOrigin
    }

    /// The code of an origin that reads the URL by another configuration: the edge reads it anew by its own and asks again.
    public static let otherReading = "ECONFIG"

    public struct Negative: Hashable, Sendable {
        /// Seconds.
        public var lifetime: UInt32
        public var fillRevision: Revision
        public var scope: ObjectScope

        public init(lifetime: UInt32, fillRevision: Revision, scope: ObjectScope) {
            self.lifetime = lifetime
            self.fillRevision = fillRevision
            self.scope = scope
        }
    }
}

extension FetchRequest: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(host)
        writer.write(target)
        writer.write(byte: accept)
        writer.write(minRevision)
        writer.write(floor)
        writer.write(patience)
        writer.write(key.map { [$0] } ?? []) { $0.write($1.digest) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            host: try reader.string(), target: try reader.string(), accept: try reader.byte(),
            minRevision: try reader.revision(), floor: try reader.revision(), patience: try reader.unsigned(),
            key: try reader.list { (reader) throws(WireError) in CacheKey(try reader.digest()) }.first)
    }
}

extension FetchAnswer: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .object(let object):
            writer.write(byte: 1)
            object.metadata.encode(into: &writer)
            writer.write(object.age)
            writer.write(object.bodyLength)
            writer.write(UInt64(object.bodyChecksum))
            writer.write(byte: object.work.rawValue)
        case .failure(let failure):
            writer.write(byte: 2)
            writer.write(UInt64(failure.status))
            writer.write(failure.code)
            writer.write(failure.message)
            writer.write(UInt64(failure.retryAfter))
            writer.write(failure.negative.map { [$0] } ?? []) { writer, negative in
                writer.write(UInt64(negative.lifetime))
                writer.write(negative.fillRevision)
                negative.scope.encode(into: &writer)
            }
            writer.write(failure.tryNextOrigin)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 1:
            let metadata = try ObjectMetadata(from: &reader)
            let age = try reader.unsigned()
            let length = try reader.unsigned()
            let checksum = try reader.integer(UInt32.self)
            let rawWork = try reader.byte()
            guard let work = OriginWork(rawValue: rawWork) else { throw WireError("no origin work \(rawWork)") }
            self = .object(
                FetchedObject(metadata: metadata, age: age, bodyLength: length, bodyChecksum: checksum, work: work))
        case 2:
            self = .failure(
                FetchFailure(
                    status: try reader.integer(), code: try reader.string(), message: try reader.string(),
                    retryAfter: try reader.integer(),
                    negative: try reader.list { (reader) throws(WireError) in
                        FetchFailure.Negative(
                            lifetime: try reader.integer(), fillRevision: try reader.revision(),
                            scope: try ObjectScope(from: &reader))
                    }.first, tryNextOrigin: try reader.bool()))
        case let other: throw WireError("no fetch answer has the kind \(other)")
        }
    }
}
