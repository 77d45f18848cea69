/// Immutable bytes that the memory tier, the write-behind queue and any number of answers share without a copy.
public final class SharedBytes: Sendable {
    /// The bytes lie in here at `range`: a record that was read whole keeps its head before them.
    public let storage: [UInt8]
    public let range: Range<Int>

    public init(_ bytes: [UInt8]) {
        storage = bytes
        range = 0..<bytes.count
    }

    init(_ storage: [UInt8], range: Range<Int>) {
        self.storage = storage
        self.range = range
    }

    public var count: Int { range.count }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}
