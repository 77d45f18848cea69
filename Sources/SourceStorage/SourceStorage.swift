/// A place that source images are read from. Reading never changes it.
public protocol SourceStorage: Sendable {
    /// The name that configuration, logs and errors call it by.
    var id: String { get }

    /// Reads one object whole.
    ///
    /// - Parameters:
    ///   - key: The object's key as the storage knows it: decoded, without a leading slash, the endpoint's prefix
    ///     already in it.
    ///   - query: Sent on by web folders, as written and without `?`; other kinds pay no heed to it.
    ///   - validators: Of a copy already held; the answer may then be ``StorageAnswer/notModified``.
    func read(
        _ key: String, query: String, limits: ReadLimits, validators: Validators?
    ) async throws(StorageError) -> StorageAnswer
}

extension SourceStorage {
    /// Reads one object whole, whatever copy is held.
    public func read(
        _ key: String, query: String = "", limits: ReadLimits = ReadLimits()
    ) async throws(StorageError) -> SourceObject {
        switch try await read(key, query: query, limits: limits, validators: nil) {
        case .object(let object):
            return object
        case .notModified:
            throw StorageError(
                .badAnswer(status: 304), storage: id,
                message: "Storage \"\(id)\" answered \"not modified\" to a request without conditions.")
        }
    }
}

public enum StorageAnswer: Sendable {
    case object(SourceObject)
    /// What the validators were given for is still what the storage holds.
    case notModified
}

/// How much and how long a read may take.
public struct ReadLimits: Sendable {
    /// The most bytes that the object may have.
    public var bytes: Int
    /// Until the connection stands.
    public var connect: Duration
    /// Until the last byte is here.
    public var total: Duration
    /// How long nothing may arrive, in whole seconds.
    public var stall: Duration

    public init(
        bytes: Int = 64 << 20, connect: Duration = .seconds(5), total: Duration = .seconds(30),
        stall: Duration = .seconds(10)
    ) {
        self.bytes = bytes
        self.connect = connect
        self.total = total
        self.stall = stall
    }
}

/// What tells one state of an object from another; RFC 9110 §8.8.
public struct Validators: Sendable, Equatable {
    /// As the storage wrote it, quotes and `W/` included.
    public var etag: String?
    /// As the storage wrote it.
    public var lastModified: String?

    public init(etag: String? = nil, lastModified: String? = nil) {
        self.etag = etag
        self.lastModified = lastModified
    }

    public var isEmpty: Bool { etag == nil && lastModified == nil }
}

/// An object's bytes, complete, and what the storage says about them.
public struct SourceObject: Sendable {
    public var body: [UInt8]
    /// What the storage claims; the bytes decide.
    public var contentType: String?
    public var validators: Validators
    /// The `Cache-Control` fields, joined.
    public var cacheControl: String?
    /// From `Surrogate-Key` (parted by spaces) and `Cache-Tag` (parted by commas), each once.
    public var tags: [String]
    /// `Is-Private-File: true`, or S3's `x-amz-meta-isprivatefile: true`.
    public var isPrivate: Bool

    public init(
        body: [UInt8], contentType: String? = nil, validators: Validators = Validators(), cacheControl: String? = nil,
        tags: [String] = [], isPrivate: Bool = false
    ) {
        self.body = body
        self.contentType = contentType
        self.validators = validators
        self.cacheControl = cacheControl
        self.tags = tags
        self.isPrivate = isPrivate
    }

    public var etag: String? { validators.etag }
    public var lastModified: String? { validators.lastModified }
}
