/// What is wrong with the storages file; for the operator who wrote it.
public struct StorageConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The storage's id, or its place in the list where it has none; `nil` when the list itself is wrong.
    public let storage: String?
    public let message: String

    public init(storage: String?, message: String) {
        self.storage = storage
        self.message = message
    }

    public var description: String {
        storage.map { "Storage \"\($0)\": \(message)" } ?? "The storages file: \(message)"
    }
}
