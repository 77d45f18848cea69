/// Why a receipt or a key proves nothing. Equal on the code only.
public struct ReceiptError: Error, Hashable, Sendable, CustomStringConvertible {
    private enum Code: Sendable {
        case form, key, signature, content
    }

    private let code: Code
    /// For people: what is wrong, and what to do.
    public let description: String

    public static func == (left: ReceiptError, right: ReceiptError) -> Bool {
        left.code == right.code
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }

    /// The file is no receipt, or not byte for byte the one that was issued.
    static func form(_ what: String) -> ReceiptError {
        ReceiptError(code: .form, description: what)
    }

    static func key(_ what: String) -> ReceiptError {
        ReceiptError(code: .key, description: what)
    }

    /// The key that was given has not signed these bytes.
    static func signature(_ what: String) -> ReceiptError {
        ReceiptError(code: .signature, description: what)
    }

    /// The signature holds, and what it is over makes no sense to this version.
    static func content(_ what: String) -> ReceiptError {
        ReceiptError(code: .content, description: what)
    }
}
