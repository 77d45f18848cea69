public import Foundation

/// A receipt as it is kept in a file and sent by the API, so that anybody can verify it without Vignette:
///
/// ```json
/// {"algorithm":"Ed25519","key":"<64 hex>","receipt":"<base64>","signature":"<base64>"}
/// ```
///
/// - `receipt`: the signed bytes. They are the JSON of an `ErasureReceipt` in UTF-8; the signature is over exactly these
///   bytes, so no canonical form of JSON has to be agreed on.
/// - `signature`: 64 bytes, Ed25519 (RFC 8032) over them, without a prefix or a hash before.
/// - `key`: the fingerprint of the key that signed, to find the right one by. It is no proof; the key itself must come from
///   somewhere else than the file.
///
/// Invariant: there is one spelling. Keys in this order, nothing between them, base64 with its padding and no line breaks,
/// one line break at the end. Another spelling is refused: each byte of the file stands for what was issued, and a file
/// that was changed anywhere does not verify.
public struct SignedReceipt: Hashable, Sendable {
    /// What is signed.
    public let bytes: Data
    /// 64 bytes.
    public let signature: Data
    /// `ReceiptVerifier.fingerprint`.
    public let key: String

    init(bytes: Data, signature: Data, key: String) {
        self.bytes = bytes
        self.signature = signature
        self.key = key
    }

    /// Reads a file.
    /// - Throws: `ReceiptError` when it is no signed receipt or not in its one spelling. Nothing is verified by this.
    public init(file: Data) throws(ReceiptError) {
        guard file.count <= Self.maxFileBytes else {
            throw .form("it has \(file.count) bytes, and no receipt has more than \(Self.maxFileBytes)")
        }
        guard let fields = try? JSONDecoder().decode(Fields.self, from: file) else {
            throw .form("it is not the JSON of a signed receipt")
        }
        guard fields.algorithm == Self.algorithm else {
            throw .form("it is signed by the algorithm \"\(fields.algorithm)\"; this version knows \(Self.algorithm) only")
        }
        guard let bytes = Data(base64Encoded: fields.receipt), let signature = Data(base64Encoded: fields.signature) else {
            throw .form("its receipt or its signature is not base64")
        }
        self.init(bytes: bytes, signature: signature, key: fields.key)
        guard self.file == file else {
            throw .form("it is not byte for byte what was issued: fetch it again, and keep it as it comes")
        }
    }

    /// The bytes of the file.
    public var file: Data {
        // Every value is plain ASCII without quotes: a key from a file that holds others is not written so again, and
        // the comparison in `init(file:)` refuses it.
        Data(
            """
            {"algorithm":"\(Self.algorithm)","key":"\(key)","receipt":"\(bytes.base64EncodedString())",\
            "signature":"\(signature.base64EncodedString())"}

            """.utf8)
    }

    private struct Fields: Decodable {
        var algorithm: String
        var key: String
        var receipt: String
        var signature: String
    }

    static let algorithm = "Ed25519"
    /// Far more than a receipt with ten thousand nodes.
    static let maxFileBytes = 16 << 20
}
