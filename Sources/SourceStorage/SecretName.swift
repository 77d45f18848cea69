/// A secret by its name; another value is another version. The value is kept apart from what uses it.
public struct SecretName: Sendable, Hashable, Codable, CustomStringConvertible {
    public var id: String
    public var version: UInt64

    public init(id: String, version: UInt64) {
        self.id = id
        self.version = version
    }

    public var description: String { "\(id).\(version)" }
}
