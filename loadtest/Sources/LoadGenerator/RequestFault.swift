/// Why a request counts as an error although no status says so.
enum RequestFault: Int, CaseIterable, Sendable {
    case refused, connectFailed, timeout, noAnswer, reset, shortBody, malformed, excessBytes, notAnImage, emptyImage

    /// The key in the result and the table.
    var label: String {
        switch self {
        case .refused: "connection refused"
        case .connectFailed: "connect failed"
        case .timeout: "timeout"
        case .noAnswer: "closed without an answer"
        case .reset: "reset"
        case .shortBody: "body cut short"
        case .malformed: "malformed answer"
        case .excessBytes: "bytes after the answer"
        case .notAnImage: "not an image"
        case .emptyImage: "empty image"
        }
    }
}
