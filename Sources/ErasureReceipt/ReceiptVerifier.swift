internal import Crypto
public import Foundation

/// The public key of a cluster's receipts: tells whether one is genuine. Needs no network.
public struct ReceiptVerifier: Sendable {
    private let key: Curve25519.Signing.PublicKey

    init(_ key: Curve25519.Signing.PublicKey) {
        self.key = key
    }

    /// - Parameter text: a PEM public key, its 32 bytes or its DER in base64, or the API's answer to
    ///   `GET /vignette/v1/receipt-key`.
    /// - Throws: `ReceiptError` when it is no Ed25519 key.
    public init(text: String) throws(ReceiptError) {
        guard let bytes = Self.keyBytes(text), let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            throw .key(
                "it is no Ed25519 public key: give its 32 bytes in base64, a PEM file (-----BEGIN PUBLIC KEY-----), or what"
                    + " `vignette receipt key` wrote")
        }
        self.key = key
    }

    /// What the receipt states, once it is certain that this key has signed it.
    public func open(_ signed: SignedReceipt) throws(ReceiptError) -> ErasureReceipt {
        guard key.isValidSignature(signed.signature, for: signed.bytes) else {
            throw .signature(
                signed.key == fingerprint
                    ? "the key has not signed what stands in it: it was changed after it was issued, or made up"
                    : "the key that was given (\(short(fingerprint))) is not the one that the receipt names (\(short(signed.key)))"
            )
        }
        guard signed.key == fingerprint else {
            throw .form("it names another key (\(short(signed.key))) than the one that signed it: it was changed after it was issued")
        }
        let receipt: ErasureReceipt
        do {
            receipt = try JSONDecoder().decode(ErasureReceipt.self, from: signed.bytes)
        } catch {
            throw .content("the key has signed it, but it is no erasure receipt that this version of vignette can read")
        }
        guard receipt.type == ErasureReceipt.type, receipt.version == ErasureReceipt.version else {
            throw .content(
                "the key has signed it, but it is \"\(receipt.type)\" in version \(receipt.version), and this version of"
                    + " vignette reads \"\(ErasureReceipt.type)\" in version \(ErasureReceipt.version)")
        }
        return receipt
    }

    /// 32 bytes (RFC 8032 §5.1.5).
    public var rawBytes: Data { key.rawRepresentation }

    /// SubjectPublicKeyInfo (RFC 8410 §4) as PEM, for `openssl pkeyutl -verify -pubin -inkey`.
    public var pem: String {
        "-----BEGIN PUBLIC KEY-----\n\((Self.derHead + rawBytes).base64EncodedString())\n-----END PUBLIC KEY-----\n"
    }

    /// SHA-256 of the SubjectPublicKeyInfo: 64 hexadecimal digits. Short enough to be compared over the telephone.
    public var fingerprint: String {
        SHA256.hash(data: Self.derHead + rawBytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func short(_ fingerprint: String) -> String {
        fingerprint.prefix(16) + "…"
    }

    /// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes } before the bytes (RFC 8410 §4).
    private static let derHead = Data([0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00])

    private static func keyBytes(_ text: String) -> Data? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let base64: String
        if let begin = lines.firstIndex(of: "-----BEGIN PUBLIC KEY-----"),
            let end = lines.firstIndex(of: "-----END PUBLIC KEY-----"), begin < end
        {
            base64 = lines[(begin + 1)..<end].joined()
        } else if let answer = try? JSONDecoder().decode(KeyAnswer.self, from: Data(text.utf8)) {
            base64 = answer.publicKey
        } else {
            base64 = lines.joined()
        }
        guard let bytes = Data(base64Encoded: base64) else { return nil }
        return bytes.count == derHead.count + 32 && bytes.starts(with: derHead) ? Data(bytes.dropFirst(derHead.count)) : bytes
    }

    private struct KeyAnswer: Decodable {
        var publicKey: String
    }
}
