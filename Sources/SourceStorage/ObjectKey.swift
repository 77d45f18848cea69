/// An object's key as the path of a URL.
enum ObjectKey {
    /// RFC 3986 §2.1, with every byte encoded but `A-Za-z0-9-._~/`: what S3 signs, and what every web server decodes.
    static func encoded(_ key: String) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(key.utf8.count)
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.append(byte)
            default:
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a key can name an object: not empty, which would name the folder or list the bucket; no NUL; and no dot
    /// segment, which a server or a file system would resolve to something above.
    static func canName(_ key: String) -> Bool {
        !key.isEmpty && !key.utf8.contains(0)
            && !key.utf8.split(separator: UInt8(ascii: "/")).contains {
                $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
            }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
