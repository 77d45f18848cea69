/// Finds the name of a markup document's root element, past a byte order mark, declarations, comments and a document
/// type. Looks at the first bytes only.
struct MarkupScanner {
    private var rest: Slice<UnsafeRawBufferPointer>
    /// Whether an XML declaration or a comment stood first.
    private(set) var sawDeclaration = false

    /// How far a root element may stand from the beginning: editors write long comments and entity lists first.
    static let reach = 16 * 1024

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes.prefix(MarkupScanner.reach)
        _ = skip("\u{FEFF}")
    }

    /// The root element's name; `!doctype html` for an HTML document type; nil where this is no markup.
    mutating func rootElement() -> String? {
        while true {
            skipWhitespace()
            if skip("<?") {
                sawDeclaration = true
                guard skipPast("?>") else { return nil }
            } else if skip("<!--") {
                sawDeclaration = true
                guard skipPast("-->") else { return nil }
            } else if skip("<!") {
                guard let name = documentType() else { return nil }
                if name == "html" { return "!doctype html" }
            } else if skip("<") {
                let name = word()
                return name.isEmpty ? nil : name
            } else {
                return nil
            }
        }
    }

    /// Past `DOCTYPE name … [ … ] >`; its name in lower case.
    private mutating func documentType() -> String? {
        guard word().lowercased() == "doctype" else { return nil }
        skipWhitespace()
        let name = word().lowercased()
        var inSubset = false
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "["): inSubset = true
            case UInt8(ascii: "]"): inSubset = false
            case UInt8(ascii: ">") where !inSubset: return name
            default: break
            }
        }
        return nil
    }

    private mutating func word() -> String {
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        rest = rest.dropFirst(name.count)
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func skipWhitespace() {
        rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }

    private mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func skipPast(_ text: String) -> Bool {
        while !rest.isEmpty {
            if skip(text) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
