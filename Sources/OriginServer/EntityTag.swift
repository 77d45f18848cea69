import Crypto
import ObjectCache

enum EntityTag {
    /// A strong validator over the bytes (RFC 9110 §8.8.3), quotes included: 128 bits of their SHA-256, so that two nodes
    /// that made the same bytes give the same tag.
    static func strong(over body: SharedBytes) -> String {
        var hash = SHA256()
        body.withUnsafeBytes { hash.update(bufferPointer: $0) }
        let digits = Array("0123456789abcdef".utf8)
        var tag: [UInt8] = [UInt8(ascii: "\"")]
        for byte in hash.finalize().prefix(16) {
            tag.append(digits[Int(byte >> 4)])
            tag.append(digits[Int(byte & 15)])
        }
        tag.append(UInt8(ascii: "\""))
        return String(decoding: tag, as: UTF8.self)
    }
}
