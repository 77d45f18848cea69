extension SourceIdentity: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(storage)
        writer.write(key)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(storage: try reader.string(), key: try reader.string())
    }
}

extension ObjectScope: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(sources) { $1.encode(into: &$0) }
        writer.write(url)
        writer.write(tags) { $0.write($1) }
        writer.write(site)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let sources = try reader.list { (reader) throws(WireError) in try SourceIdentity(from: &reader) }
        let url = try reader.digest()
        let tags = try reader.list { (reader) throws(WireError) in try reader.string() }
        self.init(sources: sources, url: url, tags: tags, site: try reader.string())
    }
}

extension ObjectMetadata: WireCodable {
    /// Raised when a field is added; a reader refuses what it doesn't know, and the object is a miss.
    private static let layout: UInt8 = 1

    public func encode(into writer: inout WireWriter) {
        writer.write(byte: Self.layout)
        writer.write(UInt64(status))
        writer.write(contentType)
        writer.write(entityTag)
        writer.write(lastModified != nil)
        writer.write(lastModified ?? 0)
        writer.write(bornAt)
        writer.write(UInt64(freshness.maxAge))
        writer.write(UInt64(freshness.staleWhileRevalidate))
        writer.write(UInt64(freshness.staleIfError))
        writer.write(fillRevision)
        scope.encode(into: &writer)
        writer.write(variesByAccept)
        writer.write(isPrivate)
        writer.write(errorText)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let layout = try reader.byte()
        guard layout == Self.layout else { throw WireError("object metadata of layout \(layout), not \(Self.layout)") }
        let status = try reader.integer(UInt16.self)
        let contentType = try reader.string()
        let entityTag = try reader.string()
        let hasLastModified = try reader.bool()
        let lastModified = try reader.signed()
        self.init(
            status: status, contentType: contentType, entityTag: entityTag,
            lastModified: hasLastModified ? lastModified : nil, bornAt: try reader.signed(),
            freshness: Freshness(
                maxAge: try reader.integer(), staleWhileRevalidate: try reader.integer(),
                staleIfError: try reader.integer()),
            fillRevision: try reader.revision(), scope: try ObjectScope(from: &reader),
            variesByAccept: try reader.bool(), isPrivate: try reader.bool(), errorText: try reader.string())
    }
}
