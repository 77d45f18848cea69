/// Why a transfer brought no answer. An answer with any status is not an error.
public struct CurlError: Error, Sendable, CustomStringConvertible {
    /// What went wrong; a bounded set, fit for a metric's label.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case invalidRequest, schemeRefused, addressRefused, unresolved, connectFailed, tlsFailed, timedOut, tooLarge
            case truncated, connectionLost, tooManyRedirects, badAnswer, cancelled, shutDown, failed
        }

        private let value: Value

        /// The URL, the method or a header cannot be sent.
        public static let invalidRequest = Code(value: .invalidRequest)
        /// The URL, or a redirect, names something other than http and https.
        public static let schemeRefused = Code(value: .schemeRefused)
        /// The request's ``CurlAddressRule`` allows none of the host's addresses.
        public static let addressRefused = Code(value: .addressRefused)
        /// The host's name has no address.
        public static let unresolved = Code(value: .unresolved)
        /// Refused, no route, or nobody there.
        public static let connectFailed = Code(value: .connectFailed)
        /// The certificate or the handshake.
        public static let tlsFailed = Code(value: .tlsFailed)
        /// One of ``CurlTimeouts``.
        public static let timedOut = Code(value: .timedOut)
        /// More bytes than ``CurlRequest/maximumBodyBytes``, declared or received.
        public static let tooLarge = Code(value: .tooLarge)
        /// The answer began and ended before its declared length.
        public static let truncated = Code(value: .truncated)
        /// The connection broke before an answer began.
        public static let connectionLost = Code(value: .connectionLost)
        /// More than ``CurlRequest/maximumRedirects``, when that is not 0.
        public static let tooManyRedirects = Code(value: .tooManyRedirects)
        /// Not HTTP, or a head without end.
        public static let badAnswer = Code(value: .badAnswer)
        /// The task was cancelled.
        public static let cancelled = Code(value: .cancelled)
        /// The client was shut down.
        public static let shutDown = Code(value: .shutDown)
        /// libcurl failed in itself (memory, descriptors).
        public static let failed = Code(value: .failed)

        public var description: String { value.rawValue }
    }

    public let code: Code

    /// The host and port that were asked, as the URL writes them.
    public let host: String

    /// For people: what is wrong, where, and what to do about it. It holds no query and no credentials.
    public let message: String

    public init(code: Code, host: String, message: String) {
        self.code = code
        self.host = host
        self.message = message
    }

    /// Whether the same request may succeed a moment later or at another host.
    public var isTransient: Bool {
        switch code {
        case .unresolved, .connectFailed, .timedOut, .truncated, .connectionLost, .badAnswer, .failed: true
        default: false
        }
    }

    public var description: String { message }
}
