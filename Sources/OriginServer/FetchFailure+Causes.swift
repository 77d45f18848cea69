import CacheProtocol
import ImageURL
import ObjectCache
import SourceStorage
import WorkerPool

extension FetchFailure {
    /// What a client is told when something went wrong here: the one place where causes become statuses.
    /// - Parameter negative: attached where asking again would only find the same: the file is missing, or is no image.
    init(anyError error: any Error, remembering negative: Negative? = nil) {
        self.init(anyError: error)
        if isOfTheSource(error) { self.negative = negative }
    }

    private init(anyError error: any Error) {
        switch error {
        case let failure as FetchFailure: self = failure
        case let error as ImageURLError:
            self.init(status: UInt16(error.httpStatus), code: error.code, message: error.message)
        case let error as StorageError:
            self.init(
                status: UInt16(error.httpStatus), code: error.imageKitCode, message: error.publicMessage,
                retryAfter: error.isRetryable ? 2 : 0)
        case let error as TransformError:
            self.init(
                status: UInt16(error.httpStatus), code: error.ikError, message: error.message,
                retryAfter: error.isRetryable ? 1 : 0)
        case let error as ObjectCacheError where error.isOverload:
            self.init(
                status: 503, code: "EBUSY", message: "As many variants are being made as may be at once.", retryAfter: 1)
        case is CancellationError:
            self.init(status: 503, code: "ECANCELLED", message: "The request was given up.", retryAfter: 1)
        default:
            self.init(
                status: 500, code: "EINTERNAL", message: "This origin met an error of its own; its log says more.")
        }
    }
}

private func isOfTheSource(_ error: any Error) -> Bool {
    switch error {
    case let error as StorageError: error.code == .notFound || error.code == .tooLarge
    case let error as TransformError: error.isSourceFault
    default: false
    }
}
