/// A call into libvips that failed: which one, and what libvips wrote about it.
///
/// `detail` is for logs. It comes from a buffer that the whole process shares and its wording changes between versions:
/// decide by where the call failed, never by the text.
public struct VipsError: Error, CustomStringConvertible {
    /// libvips' name of the operation, such as `jpegload_buffer`.
    public let operation: String
    public let detail: String

    init(operation: String, detail: String) {
        self.operation = operation
        self.detail = detail
    }

    public var description: String {
        "libvips' \(operation) failed: \(detail.isEmpty ? "no reason given" : detail)"
    }
}
