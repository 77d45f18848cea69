/// Why the pool did not start; the text says what to do.
public struct WorkerPoolError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
