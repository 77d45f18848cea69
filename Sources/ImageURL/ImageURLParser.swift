/// Reads raw request targets of one endpoint (reference §1): `/<account>/[<id>/]…/<path>[?<query>]`, where any
/// whole path segment may be `tr:<steps>` and the query may hold `tr=<steps>`. All of them are one chain: path segments
/// in their order, then the query.
///
/// Pure, linear in the target's length, bounded by ``ImageURLLimits``. Percent escapes are decoded exactly once.
public struct ImageURLParser: Sendable {
    public let endpoint: Endpoint
    public let limits: ImageURLLimits
    private let transformations: NamedTransformations
    /// The decoded path segments with which every target begins.
    private let root: [[UInt8]]

    public init(
        endpoint: Endpoint, transformations: NamedTransformations = NamedTransformations(),
        limits: ImageURLLimits = ImageURLLimits()
    ) {
        self.endpoint = endpoint
        self.limits = limits
        self.transformations = transformations
        self.root = [endpoint.account, endpoint.id].filter { !$0.isEmpty }.map { Array($0.utf8) }
    }

    public func parse(target: String) throws(ImageURLError) -> ImageRequest {
        try parse(target: target.utf8.span)
    }

    /// - Parameter target: the request target as received, in origin form, beginning with `/`.
    public func parse(target: Span<UInt8>) throws(ImageURLError) -> ImageRequest {
        try check(target)
        let parts = RawTarget(target)
        var recipe = RecipeParser(limits: limits, transformations: transformations)
        let sourcePath = try readPath(target, parts.path, recipe: &recipe)
        let query = try readQuery(target, parts.query, recipe: &recipe)
        return ImageRequest(
            sourcePath: sourcePath,
            passQuery: query.pass,
            recipe: recipe.finish(defaultFormat: endpoint.defaultFormatAuto ? .auto : .original),
            signature: query.signature
        )
    }

    private func check(_ target: Span<UInt8>) throws(ImageURLError) {
        guard target.count <= limits.targetBytes else {
            throw .limit("the URL has \(target.count) bytes, more than \(limits.targetBytes)")
        }
        guard target.count > 0, target[0] == UInt8(ascii: "/") else {
            throw .badPath("the request target does not begin with a slash")
        }
        for index in target.indices {
            let byte = target[index]
            if byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "#") {
                throw .badPath("the URL holds the raw byte \(quoted([byte])) at byte \(index); percent-encode it")
            }
        }
    }

    private func readPath(
        _ target: Span<UInt8>, _ path: Range<Int>, recipe: inout RecipeParser
    ) throws(ImageURLError) -> String {
        var rest: Range<Int>? = (path.lowerBound + 1)..<path.upperBound
        var number = 0
        var source = SourcePath()
        while let range = RawTarget.takePart(target, of: &rest, separator: UInt8(ascii: "/")) {
            number += 1
            var segment: [UInt8] = []
            segment.reserveCapacity(range.count)
            try appendPercentDecoded(target, range, to: &segment, place: "path segment \(number)")
            if number <= root.count {
                guard segment == root[number - 1] else {
                    let begin = "/" + root.map { String(decoding: $0, as: UTF8.self) + "/" }.joined()
                    throw .noSuchEndpoint(
                        "path segment \(number) is \(quoted(segment)); images here begin with \(quoted(begin.utf8))")
                }
            } else if segment.starts(with: transformationMark.utf8) {
                let steps = Array(segment.dropFirst(transformationMark.utf8.count))
                try recipe.read(steps, place: .path(segment: number))
            } else {
                source.append(segment)
            }
        }
        return try source.validated(limits: limits)
    }

    private func readQuery(
        _ target: Span<UInt8>, _ query: Range<Int>?, recipe: inout RecipeParser
    ) throws(ImageURLError) -> (pass: String, signature: Signature?) {
        var rest = query
        var pass: [UInt8] = []
        var digest: String?
        var expiry: String?
        while let part = RawTarget.takePart(target, of: &rest, separator: UInt8(ascii: "&")) {
            if part.isEmpty { continue }
            let (parameter, name, value) = try RawTarget.split(target, part)
            switch parameter {
            case .transformation:
                var steps: [UInt8] = []
                try appendPercentDecoded(target, value, to: &steps, place: "the query's tr=")
                try recipe.read(steps, place: .query)
            case .signature:
                guard digest == nil else { throw .signature("ik-s is given twice") }
                digest = text(target, value)
            case .expiry:
                guard expiry == nil else { throw .signature("ik-t is given twice") }
                expiry = text(target, value)
            case .ignored:
                break
            case .reserved:
                throw .unsupported("the query parameter \(quoted(name)) is not supported yet")
            case .foreign:
                if !pass.isEmpty { pass.append(UInt8(ascii: "&")) }
                for index in part { pass.append(target[index]) }
            }
        }
        guard let passText = validUTF8(pass) else { throw .badPath("the query is not UTF-8") }
        let isSigned = digest != nil || expiry != nil
        return (passText, isSigned ? Signature(digest: digest ?? "", expiry: expiry) : nil)
    }

    private func text(_ target: Span<UInt8>, _ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        for index in range { bytes.append(target[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
