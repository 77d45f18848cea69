internal import Glibc

/// A system call that failed, in words for the log.
public struct SystemError: Error, Sendable, CustomStringConvertible {
    public let call: String
    public let errno: Int32

    public init(_ call: String, errno: Int32) {
        self.call = call
        self.errno = errno
    }

    public var description: String {
        // glibc's strerror keeps its text per thread.
        let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
        return "\(call) failed: \(reason)"
    }
}
