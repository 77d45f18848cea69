internal import CacheProtocol

/// A responder's answer. Status line, conditions (304), header fields and framing are made of it by ``ResponsePlan``.
public struct EdgeAnswer: Sendable {
    public enum Kind: Sendable {
        /// A stored object. One with a status other than 200 is a negative entry: its `errorText` is the answer, the body
        /// is ignored.
        case object(Representation)
        case failure(EdgeFailure)
    }

    public var kind: Kind
    public var cacheStatus: CacheStatus

    public init(_ kind: Kind, cacheStatus: CacheStatus) {
        self.kind = kind
        self.cacheStatus = cacheStatus
    }

    public static func object(_ representation: Representation, _ status: CacheStatus) -> EdgeAnswer {
        EdgeAnswer(.object(representation), cacheStatus: status)
    }

    public static func failure(_ failure: EdgeFailure, _ status: CacheStatus) -> EdgeAnswer {
        EdgeAnswer(.failure(failure), cacheStatus: status)
    }
}

/// The bytes of an object, where they lie. HEAD and conditions need them too, for their length; they are then left alone.
public enum AnswerBody: Sendable {
    case memory(any BodyBytes)
    /// A region of an open file, sent without passing through this process. The descriptor stays the pin's, and is read
    /// by offset only, so any number of answers may share it; the pin is let go when the last byte is sent or the client
    /// has gone.
    case file(descriptor: CInt, offset: Int, length: Int, pin: any AnyObject & Sendable)
    case none

    public var length: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .file(_, _, let length, _): length
        case .none: 0
        }
    }
}

/// A request that is not answered with an object: `ik-error: CODE - message`, and the same as text for people.
public struct EdgeFailure: Sendable, Equatable {
    public var status: UInt16
    /// Upper case, as `ENOENT`; empty where `message` says it all.
    public var code: String
    /// What is wrong and where, for people. Sent with all but visible ASCII replaced, at most 512 bytes of it.
    public var message: String
    /// Seconds.
    public var retryAfter: UInt32?

    public init(status: UInt16, code: String, message: String, retryAfter: UInt32? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    /// `CODE - message`.
    var text: String {
        code.isEmpty ? message : "\(code) - \(message)"
    }
}

extension EdgeFailure {
    static func unsatisfiable(_ length: Int) -> EdgeFailure {
        EdgeFailure(status: 416, code: "ERANGE", message: "the range begins behind the end: there are \(length) bytes")
    }

    /// A negative entry's `errorText` taken apart again.
    init(negative metadata: ObjectMetadata) {
        self.init(status: metadata.status, code: "", message: metadata.errorText)
        if let dash = metadata.errorText.firstRange(of: " - ") {
            code = String(metadata.errorText[..<dash.lowerBound])
            message = String(metadata.errorText[dash.upperBound...])
        }
    }
}
