public import Foundation

/// What a run leaves behind for other runs to be compared with.
public protocol ResultFile: Encodable {}

extension ResultFile {
    /// Keys in their order and a line each, so that two results differ where their figures do.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
