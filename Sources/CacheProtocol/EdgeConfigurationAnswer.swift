/// What an edge is told of the configuration it serves by: how to read URLs, and what verifies their signatures. Secrets of
/// storages stay with the origins.
public struct EdgeConfigurationAnswer: Hashable, Sendable {
    /// The `configure` command that this is of. An edge that has applied a later one asks again.
    public var revision: Revision
    /// The journal's document as JSON: the configuration module's business, not the protocol's.
    public var document: String
    /// The values of the signing keys that the document names.
    public var signingKeys: [SigningKey]

    public init(revision: Revision, document: String, signingKeys: [SigningKey]) {
        self.revision = revision
        self.document = document
        self.signingKeys = signingKeys
    }

    public struct SigningKey: Hashable, Sendable {
        public var id: String
        public var version: UInt64
        public var value: String

        public init(id: String, version: UInt64, value: String) {
            self.id = id
            self.version = version
            self.value = value
        }
    }
}

extension EdgeConfigurationAnswer: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(revision)
        writer.write(document)
        writer.write(signingKeys) { writer, key in
            writer.write(key.id)
            writer.write(key.version)
            writer.write(key.value)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            revision: try reader.revision(), document: try reader.string(),
            signingKeys: try reader.list { (reader) throws(WireError) in
                SigningKey(id: try reader.string(), version: try reader.unsigned(), value: try reader.string())
            })
    }
}
