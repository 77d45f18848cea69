public import CacheProtocol

/// An object as it is answered (RFC 9110 §3.2), with the part of its head that all whole answers have in common. Made once
/// for an object that is asked for often.
public final class Representation: Sendable {
    public let metadata: ObjectMetadata
    public let body: AnswerBody
    /// Of a whole answer: all header fields but those that tell the time, from `Server` to the empty line.
    let fixedFields: [UInt8]
    /// Nil where a whole answer has none.
    let directBody: DirectAnswer.Body?

    public init(_ metadata: ObjectMetadata, _ body: AnswerBody) {
        self.metadata = metadata
        self.body = body
        directBody = metadata.status == 200 && body.length > 0 ? DirectAnswer.Body(body) : nil
        fixedFields = metadata.status == 200 ? ObjectFields(metadata).whole(length: body.length) : []
    }
}

/// Bytes in memory that nobody changes, and that stay where they are while somebody holds them.
public protocol BodyBytes: AnyObject, Sendable {
    var count: Int { get }
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}
