import ImageURL

let demo = Endpoint(account: "demo")

/// The canonical recipe of a transformation text, given in the query.
func canonical(_ steps: String, endpoint: Endpoint = demo) throws -> String {
    try ImageURLParser(endpoint: endpoint).parse(target: "/demo/a.jpg?tr=" + steps).recipe.canonical
}

/// What parsing the target fails with; nil when it parses.
func failure(
    _ target: [UInt8], endpoint: Endpoint = demo, limits: ImageURLLimits = ImageURLLimits()
) -> ImageURLError? {
    do {
        _ = try ImageURLParser(endpoint: endpoint, limits: limits).parse(target: target.span)
        return nil
    } catch {
        return error
    }
}

func failure(_ target: String, endpoint: Endpoint = demo, limits: ImageURLLimits = ImageURLLimits()) -> ImageURLError? {
    failure(Array(target.utf8), endpoint: endpoint, limits: limits)
}

extension ImageURLError {
    /// A header can carry it: printable ASCII and not long.
    var isPresentable: Bool {
        headerValue.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && (20..<400).contains(headerValue.utf8.count)
    }
}
