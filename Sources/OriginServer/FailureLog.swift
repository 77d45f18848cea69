import CacheProtocol
import Logging
import SourceStorage
import Synchronization
import WorkerPool

/// Tells the operator why requests fail: the first failure of a kind at once, the others as a number with the next line
/// of that kind, a minute later at the earliest. Answers to clients tell less.
final class FailureLog: Sendable {
    private struct Kind {
        var quietUntil: ContinuousClock.Instant
        var untold = 0
    }

    private let log: Logger
    private let kinds = Mutex<[String: Kind]>([:])
    private static let quiet = Duration.seconds(60)

    init(_ log: Logger) {
        self.log = log
    }

    /// Failures that are the client's or the source's own fault are in the access lines; nobody has to mend them here.
    func note(_ error: any Error, _ failure: FetchFailure, path: String?) {
        guard let kind = Self.kind(of: error, failure) else { return }
        let now = ContinuousClock.now
        let untold: Int? = kinds.withLock { kinds in
            if let known = kinds[kind], now < known.quietUntil {
                kinds[kind]?.untold += 1
                return nil
            }
            let untold = kinds[kind]?.untold ?? 0
            kinds[kind] = Kind(quietUntil: now + Self.quiet)
            return untold
        }
        guard let untold else { return }
        log.warning(
            "requests fail",
            metadata: [
                "kind": "\(kind)", "status": "\(failure.status)", "path": "\(path ?? "-")", "error": "\(error)",
                "moreOfThisKind": "\(untold)",
            ])
    }

    private static func kind(of error: any Error, _ failure: FetchFailure) -> String? {
        switch error {
        case let error as StorageError where error.code != .notFound: "storage \(error.storage) \(error.code.label)"
        case let error as TransformError where !error.isSourceFault: "transform \(error.label)"
        case is FetchFailure, is CancellationError: nil
        default: failure.status >= 500 ? failure.code : nil
        }
    }
}
