/// Why a URL was refused: what is wrong, where, and what would be right. Answered before anything is fetched.
///
/// Equal when the code is equal; the message is for people.
public struct ImageURLError: Error, Sendable {
    private enum Kind: String {
        case badTransformation = "EBADTR"
        case badPath = "EBADPATH"
        case unsupported = "EUNSUPPORTED"
        case limit = "ELIMIT"
        case signature = "ESIGN"
        case noSuchEndpoint = "ENOENT"
    }

    private let kind: Kind

    /// Printable ASCII without line breaks, whatever the URL held, so that it can stand in a header.
    public let message: String

    private init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The word before the message in `ik-error`; one of six, so it can label a metric.
    public var code: String {
        kind.rawValue
    }

    public var httpStatus: Int {
        switch kind {
        case .badTransformation, .badPath, .unsupported, .limit: 400
        case .signature: 401
        case .noSuchEndpoint: 404
        }
    }

    /// The value of the `ik-error` header: `CODE - message` (reference §5.1).
    public var headerValue: String {
        "\(kind.rawValue) - \(message)"
    }
}

extension ImageURLError {
    /// The transformation's text breaks the grammar or a value is out of range.
    public static func badTransformation(_ message: String) -> ImageURLError {
        ImageURLError(.badTransformation, message)
    }

    /// The path or the query as a whole cannot name a source image.
    public static func badPath(_ message: String) -> ImageURLError {
        ImageURLError(.badPath, message)
    }

    /// Something that this server does not do (yet): refused, never silently left out.
    public static func unsupported(_ message: String) -> ImageURLError {
        ImageURLError(.unsupported, message)
    }

    /// One of ``ImageURLLimits`` is exceeded.
    public static func limit(_ message: String) -> ImageURLError {
        ImageURLError(.limit, message)
    }

    /// The signature is missing, wrong or expired.
    public static func signature(_ message: String) -> ImageURLError {
        ImageURLError(.signature, message)
    }

    /// The path starts with no endpoint of this server.
    public static func noSuchEndpoint(_ message: String) -> ImageURLError {
        ImageURLError(.noSuchEndpoint, message)
    }
}

extension ImageURLError: Equatable {
    public static func == (left: ImageURLError, right: ImageURLError) -> Bool {
        left.kind == right.kind
    }
}

extension ImageURLError: CustomStringConvertible {
    public var description: String {
        headerValue
    }
}

/// A piece of the URL for an error message: in double quotes, printable ASCII only (other bytes as `%XX`), cut at a
/// length that keeps the header small.
func quoted(_ bytes: some Sequence<UInt8>) -> String {
    let longest = 48
    var text = "\""
    for (index, byte) in bytes.enumerated() {
        if index == longest {
            text += "..."
            break
        }
        if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "\"") {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return text + "\""
}
