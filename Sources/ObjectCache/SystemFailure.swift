internal import Glibc

/// A system call that failed: which, on what, and why.
struct SystemFailure: Error, Sendable, CustomStringConvertible {
    let call: String
    let path: String
    let code: CInt

    init(_ call: String, _ path: String, code: CInt = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// The disk, or what this user may take of it, is used up: bytes or files.
    var isFull: Bool { code == ENOSPC || code == EDQUOT }

    var description: String {
        var text = [UInt8](repeating: 0, count: 128)
        let isKnown = text.withUnsafeMutableBytes { text in
            text.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { strerror_r(code, $0, text.count) == 0 } ?? false
            }
        }
        let reason = isKnown ? String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) : "error \(code)"
        return "\(call) \(path): \(reason)"
    }
}
