/// An object in a storage: what a source key is made of. Compared byte by byte, as storages compare.
public struct SourceLocation: Sendable {
    public var storage: String
    /// The key as the storage receives it: not percent-encoded.
    public var key: String
    /// Raw; empty where the storage does not use it.
    public var query: String
    /// Of the storage's id: ``StorageReference/meaning``.
    public var meaning: String

    public init(storage: String, key: String, query: String = "", meaning: String = "") {
        self.storage = storage
        self.key = key
        self.query = query
        self.meaning = meaning
    }
}

extension SourceLocation: Hashable {
    public static func == (left: SourceLocation, right: SourceLocation) -> Bool {
        left.storage.utf8.elementsEqual(right.storage.utf8) && left.key.utf8.elementsEqual(right.key.utf8)
            && left.query.utf8.elementsEqual(right.query.utf8) && left.meaning.utf8.elementsEqual(right.meaning.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for text in [storage, key, query, meaning] {
            for byte in text.utf8 { hasher.combine(byte) }
            // No UTF-8 holds 0xFF, so it separates the texts.
            hasher.combine(UInt8(0xFF))
        }
    }
}

/// Where the source of a path may lie.
public struct SourceLocator: Sendable {
    public let endpoint: Endpoint

    public init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    /// Every place the endpoint would ask, in its order.
    public func locations(path: String, query: String) -> [SourceLocation] {
        endpoint.storages.map { storage in
            SourceLocation(
                storage: storage.id, key: storage.keyPrefix + path, query: storage.usesQuery ? query : "",
                meaning: storage.meaning
            )
        }
    }

    public func locations(of request: ImageRequest) -> [SourceLocation] {
        locations(path: request.sourcePath, query: request.passQuery)
    }
}
