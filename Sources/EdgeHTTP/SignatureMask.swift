/// Keeps signatures out of logs: without an expiry one opens a private file for good.
enum SignatureMask {
    private static let name = Array("ik-s=".utf8)

    /// False where ``hide(_:)`` surely changes nothing.
    static func mayHide(_ target: Span<UInt8>) -> Bool {
        var place = 0
        while place + name.count <= target.count {
            // Rare in URLs, and in front of every parameter.
            let begins = target[place] == UInt8(ascii: "?") || target[place] == UInt8(ascii: "&")
            if begins, target.has("ik-s=", at: place + 1) { return true }
            place += 1
        }
        return false
    }

    /// The target with the values of its `ik-s` parameters replaced by `***`.
    static func hide(_ target: String) -> String {
        let bytes = Array(target.utf8)
        var hidden: [UInt8] = []
        var copied = 0
        var index = 0
        while index + name.count <= bytes.count {
            let begins = index > 0 && (bytes[index - 1] == UInt8(ascii: "?") || bytes[index - 1] == UInt8(ascii: "&"))
            guard begins, bytes[index...].starts(with: name) else {
                index += 1
                continue
            }
            let value = index + name.count
            let end = bytes[value...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            hidden += bytes[copied..<value] + Array("***".utf8)
            (copied, index) = (end, end)
        }
        return copied == 0 ? target : String(decoding: hidden + bytes[copied...], as: UTF8.self)
    }
}
