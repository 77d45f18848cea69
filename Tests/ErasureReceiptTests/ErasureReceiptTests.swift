import Crypto
import Foundation
import Testing

@testable import ErasureReceipt

@Suite("Erasure receipts")
struct ErasureReceiptTests {
    private let signer = ReceiptSigner()

    @Test("what was signed is read again, through the file's bytes and a key in any of its spellings")
    func roundTrip() throws {
        let file = try signer.sign(.sample).file
        let base64 = signer.verifier.rawBytes.base64EncodedString()
        for key in [
            base64, base64 + "\n", signer.verifier.pem, "\r\n" + signer.verifier.pem, #"{"publicKey": "\#(base64)", "x": 1}"#,
        ] {
            #expect(try ReceiptVerifier(text: key).open(SignedReceipt(file: file)) == .sample)
        }
    }

    @Test("a key that is written down signs as before, and is not in what it signed")
    func keptKey() throws {
        let again = try ReceiptSigner(privateText: signer.privateText + "\n")
        let file = try again.sign(.sample).file

        #expect(try signer.verifier.open(SignedReceipt(file: file)) == .sample)
        #expect(!String(decoding: file, as: UTF8.self).contains(signer.privateText))
        #expect(throws: ReceiptError.key("")) { try ReceiptSigner(privateText: "c2hvcnQ=") }
    }

    /// Each bit of each byte turned over, each byte left out, and a byte more anywhere: none of it verifies.
    @Test("a receipt that was changed anywhere is refused")
    func tampering() throws {
        let verifier = signer.verifier
        let file = try signer.sign(.sample).file
        for index in file.indices {
            for bit in 0..<8 {
                var changed = file
                changed[index] ^= 1 << bit
                #expect(opens(changed, verifier) == false, "bit \(bit) of byte \(index)")
            }
            var shorter = file
            shorter.remove(at: index)
            #expect(opens(shorter, verifier) == false, "without byte \(index)")
            for byte in [UInt8(ascii: " "), UInt8(ascii: "A"), UInt8(ascii: "\n")] {
                var longer = file
                longer.insert(byte, at: index)
                #expect(opens(longer, verifier) == false || longer == file, "byte \(byte) at \(index)")
            }
        }
        #expect(opens(file, verifier))
        #expect(opens(file + Data("\n".utf8), verifier) == false)
    }

    @Test("an honest file in another spelling is refused too: one byte more or less is another file")
    func otherSpellings() throws {
        let file = try signer.sign(.sample).file
        let text = String(decoding: file, as: UTF8.self)
        for spelling in [
            text.replacing(":\"", with: ": \""), text.replacing("{\"algorithm\":\"Ed25519\",", with: "{").replacing(
                "}", with: ",\"algorithm\":\"Ed25519\"}"), text.replacing("Ed25519", with: "\\u0045d25519"),
            text.replacing(signer.verifier.fingerprint, with: signer.verifier.fingerprint.uppercased()),
        ] {
            #expect(spelling != text)
            #expect(opens(Data(spelling.utf8), signer.verifier) == false, "\(spelling)")
        }
    }

    @Test("another cluster's key does not open it, and the message says that it is another key")
    func otherKey() throws {
        let file = try signer.sign(.sample).file
        let error = #expect(throws: ReceiptError.self) {
            try ReceiptSigner().verifier.open(SignedReceipt(file: file))
        }
        #expect(error?.description.contains("is not the one that the receipt names") == true)
    }

    @Test("a receipt with the fingerprint of the right key, signed by another one, is refused")
    func forged() throws {
        let forger = ReceiptSigner()
        let forged = try forger.sign(.sample)
        let dressed = SignedReceipt(bytes: forged.bytes, signature: forged.signature, key: signer.verifier.fingerprint)
        let error = #expect(throws: ReceiptError.signature("")) {
            try signer.verifier.open(SignedReceipt(file: dressed.file))
        }
        #expect(error?.description.contains("changed after it was issued, or made up") == true)
    }

    @Test("something else that the key signed is no receipt")
    func otherContent() throws {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Data(base64Encoded: signer.privateText)!)
        var later = ErasureReceipt.sample
        later.version = 2
        var other = ErasureReceipt.sample
        other.type = "letter"
        for bytes in [Data("{}".utf8), try JSONEncoder().encode(later), try JSONEncoder().encode(other)] {
            let signed = SignedReceipt(
                bytes: bytes, signature: try key.signature(for: bytes), key: signer.verifier.fingerprint)
            #expect(throws: ReceiptError.content("")) { try signer.verifier.open(SignedReceipt(file: signed.file)) }
        }
    }

    @Test("keys that are none are refused", arguments: ["", "AAAA", "-----BEGIN PUBLIC KEY-----\n", "{}", "key"])
    func badKeys(text: String) {
        #expect(throws: ReceiptError.key("")) { try ReceiptVerifier(text: text) }
    }

    private func opens(_ file: Data, _ verifier: ReceiptVerifier) -> Bool {
        (try? verifier.open(SignedReceipt(file: file))) != nil
    }
}
