/// Texts that cross the boundary: printable ASCII, of limited length. What a worker writes is not trusted to be either.
struct BoundedText {
    let longest: Int

    /// Canonical recipes; as long as the longest request target.
    static let recipe = BoundedText(longest: 8192)
    static let formatName = BoundedText(longest: 16)
    static let subject = BoundedText(longest: 64)
    static let diagnostic = BoundedText(longest: 512)

    func holds(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.count <= longest && bytes.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// The text made to fit: cut, and `?` for what is not printable ASCII.
    func fitted(_ text: String) -> String {
        let bytes = text.utf8.prefix(longest).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
