/// Why a storage gave no object.
public struct StorageError: Error, Sendable, CustomStringConvertible {
    /// What happened; ``label`` is its bounded name for metrics.
    public struct Code: Sendable, Hashable {
        enum Value: Hashable {
            case notFound, denied, tooLarge, unreachable, timeout, truncated, badAnswer(status: Int), addressRefused
            case cancelled
        }

        let value: Value

        /// The storage answered that there is no such object.
        public static let notFound = Code(value: .notFound)
        /// The storage refuses us: credentials, permissions, or a link that leads out of a local folder.
        public static let denied = Code(value: .denied)
        /// More bytes than ``ReadLimits/bytes``.
        public static let tooLarge = Code(value: .tooLarge)
        /// No connection, or one that broke before an answer.
        public static let unreachable = Code(value: .unreachable)
        /// One of the limits of time.
        public static let timeout = Code(value: .timeout)
        /// The object began and did not end, or changed while it was read.
        public static let truncated = Code(value: .truncated)
        /// An answer that is none of these; `status` is 0 when it was no HTTP.
        public static func badAnswer(status: Int) -> Code { Code(value: .badAnswer(status: status)) }
        /// The storage, or a redirect, led to an address that is not public and not allowed.
        public static let addressRefused = Code(value: .addressRefused)
        /// The reading task was cancelled.
        public static let cancelled = Code(value: .cancelled)

        public var label: String {
            switch value {
            case .notFound: "not-found"
            case .denied: "denied"
            case .tooLarge: "too-large"
            case .unreachable: "unreachable"
            case .timeout: "timeout"
            case .truncated: "truncated"
            case .badAnswer: "bad-answer"
            case .addressRefused: "address-refused"
            case .cancelled: "cancelled"
            }
        }
    }

    public let code: Code

    /// The id of the storage that failed.
    public let storage: String

    /// For the operator: what is wrong, where, and what to do about it. It may name hosts and folders.
    public let message: String

    public init(_ code: Code, storage: String, message: String) {
        self.code = code
        self.storage = storage
        self.message = message
    }

    public var description: String { message }

    /// The first word of the answer's `ik-error`.
    public var imageKitCode: String {
        switch code.value {
        case .notFound: "ENOENT"
        case .denied: "EACCES"
        case .tooLarge: "ELIMIT"
        case .unreachable: "ECONNREFUSED"
        case .timeout: "ETIMEDOUT"
        case .truncated, .badAnswer, .addressRefused, .cancelled: "UNIDENTIFIED"
        }
    }

    /// The status that the client gets.
    public var httpStatus: Int {
        switch code.value {
        case .notFound, .denied: 404
        case .tooLarge: 400
        case .timeout: 504
        case .unreachable, .truncated, .badAnswer, .addressRefused: 502
        case .cancelled: 503
        }
    }

    /// Whether the same read may succeed a moment later.
    public var isRetryable: Bool {
        switch code.value {
        case .unreachable, .timeout, .truncated: true
        case .badAnswer(let status): status == 0 || status == 429 || status >= 500
        case .notFound, .denied, .tooLarge, .addressRefused, .cancelled: false
        }
    }

    /// What a client may read after the code in `ik-error`: no host, no folder, no key of ours.
    public var publicMessage: String {
        switch code.value {
        case .notFound: "No file was found at this path in any storage of the endpoint."
        case .denied: "The storage refuses access to this file."
        case .tooLarge: "The file is larger than is taken."
        case .unreachable: "The storage cannot be reached."
        case .timeout: "The storage did not answer in time."
        case .truncated: "The storage broke off while it sent the file."
        case .badAnswer: "The storage gave an answer that is no file."
        case .addressRefused: "The storage's address is not one that may be read from."
        case .cancelled: "The request was cancelled."
        }
    }
}
