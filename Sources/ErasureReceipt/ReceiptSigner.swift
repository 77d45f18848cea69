internal import Crypto
internal import Foundation

/// The origin's own key for receipts. It signs nothing else.
public struct ReceiptSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// A new key.
    public init() {
        key = Curve25519.Signing.PrivateKey()
    }

    /// - Parameter text: as `privateText` wrote it; a line break at the end does no harm.
    /// - Throws: `ReceiptError` when it is no key. The text is not repeated in it.
    public init(privateText text: String) throws(ReceiptError) {
        guard let raw = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
        else { throw .key("it does not hold 32 bytes in base64") }
        self.key = key
    }

    /// The 32 bytes of the private key (RFC 8032 §5.1.5) in base64. A secret.
    public var privateText: String {
        key.rawRepresentation.base64EncodedString()
    }

    public var verifier: ReceiptVerifier {
        ReceiptVerifier(key.publicKey)
    }

    public func sign(_ receipt: ErasureReceipt) throws -> SignedReceipt {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(receipt)
        return SignedReceipt(bytes: bytes, signature: try key.signature(for: bytes), key: verifier.fingerprint)
    }
}
