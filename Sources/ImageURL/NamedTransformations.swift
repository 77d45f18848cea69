/// The transformations that URLs call by a name, `n-NAME` (reference §1.5). A name stands for its definition wherever it
/// occurs, so a URL that uses it has the recipe that the definition gives it, and a changed definition is another recipe.
public struct NamedTransformations: Sendable, Equatable {
    /// Per account (reference §4.4).
    public static let limit = 250
    /// Bytes of a name or a definition.
    static let longest = 2_000

    /// By bytes: to Swift's texts a Kelvin sign is a K.
    private let definitions: [[UInt8]: [UInt8]]

    /// - Parameter definitions: by name; each may begin with `tr:` (reference §1.1).
    public init(_ definitions: [String: String] = [:]) {
        let mark = transformationMark.utf8
        self.definitions = Dictionary(
            definitions.map { name, definition in
                let hasMark = definition.utf8.starts(with: mark)
                return (Array(name.utf8), Array(definition.utf8.dropFirst(hasMark ? mark.count : 0)))
            }
        ) { first, _ in first }
    }

    subscript(name: ArraySlice<UInt8>) -> [UInt8]? {
        definitions[Array(name)]
    }

    /// What is wrong with one of them; nil when it may be used.
    public func fault(in name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= Self.longest, name.utf8.allSatisfy(Self.isNameByte) else {
            return "a name is letters, digits and _"
        }
        guard let definition = definitions[Array(name.utf8)], !definition.isEmpty else { return "it stands for nothing" }
        guard definition.count <= Self.longest else { return "it has \(definition.count) bytes, more than \(Self.longest)" }
        var recipe = RecipeParser(limits: ImageURLLimits())
        do throws(ImageURLError) {
            try recipe.read(definition, place: .named)
            return nil
        } catch {
            return error.message
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
