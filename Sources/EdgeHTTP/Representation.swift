public import CacheProtocol
internal import NIOHPACK
internal import Synchronization

/// An object as it is answered (RFC 9110 §3.2), with the part of its head that all whole answers have in common. Made once
/// for an object that is asked for often.
public final class Representation: Sendable {
    public let metadata: ObjectMetadata
    public let body: AnswerBody
    /// Of a whole answer: all header fields but those that tell the time, from `Server` to the empty line.
    let fixedFields: [UInt8]
    /// Nil where a whole answer has none.
    let directBody: DirectAnswer.Body?
    private let http2 = AtomicLazyReference<HTTP2Fields>()

    public init(_ metadata: ObjectMetadata, _ body: AnswerBody) {
        self.metadata = metadata
        self.body = body
        directBody = metadata.status == 200 && body.length > 0 ? DirectAnswer.Body(body) : nil
        fixedFields = metadata.status == 200 ? ObjectFields(metadata).whole(length: body.length) : []
    }

    /// Seconds.
    ///
    /// - Parameter now: Milliseconds since 1970.
    func age(at now: Int64) -> Int64 {
        max(0, (now - metadata.bornAt) / 1000)
    }

    /// ``fixedFields`` behind a status of 200, made when it is first asked for.
    var http2Fields: HPACKHeaders {
        (http2.load() ?? http2.storeIfNil(HTTP2Fields(fixedFields))).headers
    }
}

/// Bytes in memory that nobody changes, and that stay where they are while somebody holds them.
public protocol BodyBytes: AnyObject, Sendable {
    var count: Int { get }
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}
