/// What a request target asks for, free of how it was spelled.
///
/// Compared byte by byte: Swift's string equality takes `é` and `e` + accent for the same, a storage does not.
public struct ImageRequest: Sendable {
    /// The path of the source image: percent-decoded once, UTF-8, without `tr:` segments, without leading slash, never
    /// with empty, `.` or `..` segments, control bytes or backslashes.
    public var sourcePath: String
    /// The raw query without the parameters that are ours (`tr`, `ik-s`, `ik-t`, `ik-sdk-version`), in its order.
    public var passQuery: String
    public var recipe: Recipe
    /// As written; nil when the URL carries neither `ik-s` nor `ik-t`.
    public var signature: Signature?

    public init(sourcePath: String, passQuery: String = "", recipe: Recipe = Recipe(), signature: Signature? = nil) {
        self.sourcePath = sourcePath
        self.passQuery = passQuery
        self.recipe = recipe
        self.signature = signature
    }
}

extension ImageRequest: Equatable {
    public static func == (left: ImageRequest, right: ImageRequest) -> Bool {
        left.sourcePath.utf8.elementsEqual(right.sourcePath.utf8)
            && left.passQuery.utf8.elementsEqual(right.passQuery.utf8)
            && left.recipe == right.recipe && left.signature == right.signature
    }
}

/// `ik-s` and `ik-t` as they stand in the query (reference §1.6). Checked by ``SignatureVerifier``.
public struct Signature: Sendable, Equatable {
    /// 40 lowercase hexadecimal digits if it is well-formed.
    public var digest: String
    /// Unix seconds in decimal digits; nil when `ik-t` is absent: no expiry.
    public var expiry: String?

    public init(digest: String, expiry: String? = nil) {
        self.digest = digest
        self.expiry = expiry
    }
}
