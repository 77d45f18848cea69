/// Right requests, written in every way in which they may be written.
struct RequestGenerator {
    var random: SplitMix

    /// GET or HEAD, for the plain path.
    mutating func plain(goesOn: Bool = true) -> WrittenRequest {
        var fields: [RequestDraft.Field] = []
        var meaning = RequestMeaning()
        meaning.method = random.pick(["GET", "GET", "HEAD"])
        meaning.target = target()
        meaning.host = random.pick(Self.hosts)
        fields.append(.init("Host", meaning.host))
        meaning.accept = maybe("Accept", Self.accepts, &fields)
        meaning.ifNoneMatch = maybe("If-None-Match", Self.tagLists, &fields)
        meaning.ifModifiedSince = maybe("If-Modified-Since", Self.dates, &fields)
        meaning.range = maybe("Range", Self.ranges, &fields)
        meaning.ifRange = maybe("If-Range", Self.dates + ["\"v1\"", "W/\"v1\""], &fields)
        meaning.hasAuthorization = maybe("Authorization", ["Basic eA==", "x"], &fields) != nil
        meaning.other = maybe("X", ["", "y", "a\t b", "\u{fc}", "a, b", ":", "GET / HTTP/1.1"], &fields)
        if meaning.range != nil, random.isOne(in: 8) {
            meaning.range = ""
            fields.append(.init("Range", random.pick(Self.ranges)))
        }
        if meaning.ifRange != nil, random.isOne(in: 8) {
            meaning.ifRange = ""
            fields.append(.init("If-Range", "\"v1\""))
        }
        for _ in 0..<Int.random(in: 0..<4, using: &random) { fields.append(random.pick(Self.fillers)) }
        if !goesOn { fields.append(.init("Connection", random.pick(["close", "Close", "CLOSE"]))) }
        if random.isOne(in: 3) { fields.append(.init("Connection", random.pick(["keep-alive", "Keep-Alive"]))) }
        var draft = RequestDraft(method: Array(meaning.method.utf8), target: Array(meaning.target.utf8), fields: fields)
        draft.fields.shuffle(using: &random)
        for index in draft.fields.indices { vary(&draft.fields[index]) }
        draft.leading = random.pick(["", "", "", "", "", "", "\r\n", "\r\n\r\n"])
        return WrittenRequest(draft: draft, meaning: meaning, goesOn: goesOn, isPlain: true)
    }

    /// GET or HEAD, for the standard path.
    mutating func unusual(goesOn: Bool = true) -> WrittenRequest {
        var request = plain(goesOn: goesOn)
        for _ in 0..<Int.random(in: 1..<4, using: &random) { random.pick(UnusualForm.all).apply(&request, &random) }
        request.isPlain = false
        return request
    }

    /// As ``plain(goesOn:)``, and as large as it may be in one of the three measures, or one byte smaller.
    mutating func largest() -> WrittenRequest {
        var request = plain()
        let spare = Int.random(in: 0..<2, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            request.meaning.target += String(repeating: "a", count: 8192 - spare - request.meaning.target.utf8.count)
            request.draft.target = Array(request.meaning.target.utf8)
        case 1:
            while request.draft.fields.count < 100 { request.draft.fields.append(.init("A", "b")) }
        default:
            let room = 32 * 1024 - spare - request.draft.bytes.count - "X-Long: \r\n".utf8.count
            request.draft.fields.append(.init("X-Long", String(repeating: "a", count: room)))
        }
        return request
    }

    /// A white lie about a field that changes nothing: its case, and the white space around its value.
    private mutating func vary(_ field: inout RequestDraft.Field) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: field.name = field.name.lowercased()
        case 1: field.name = field.name.uppercased()
        case 2: field.name = field.name.map { random.isOne(in: 2) ? $0.lowercased() : $0.uppercased() }.joined()
        default: break
        }
        field.blank = random.pick([" ", " ", " ", "", "  ", "\t", " \t "])
        field.after = random.pick(["", "", "", " ", "\t", "\t  "])
        if field.name.lowercased() == "x-latin" { field.value.append(0xE9) }
    }

    private mutating func maybe(_ name: String, _ values: [String], _ fields: inout [RequestDraft.Field]) -> String? {
        guard random.isOne(in: 2) else { return nil }
        let value = random.pick(values)
        fields.append(.init(name, value))
        return value
    }

    private mutating func target() -> String {
        var target = ""
        for _ in 0..<Int.random(in: 1..<5, using: &random) { target += "/" + random.pick(Self.segments) }
        if random.isOne(in: 2) { target += "?" + random.pick(Self.queries) }
        return target
    }

    static let hosts = [
        "cdn.example", "cdn.example:8080", "CDN.Example", "127.0.0.1", "[::1]:80", "a", "", "xn--4ca.example", "a%20b",
        "a_b~c-d", "!$&'()*+,;=",
    ]
    static let segments = [
        "", "a.jpg", "photos", "tr:w-300,h-200", "a%20b", "%2F", "..", ".", "%c3%bc", "a;b=c", "@2x", "~x", "a+b",
        "a:80", "http:", "\\", "|^`{}<>\"", "*", "'()!$&", "GET", "%00", "%0d%0a",
    ]
    static let queries = ["", "tr=w-1,h-2", "a=b&ik-s=12ab&x", "/../", "?", "a=http://b/c", "%0d%0aHost:%20b", "[]"]
    static let accepts = ["*/*", "image/avif,image/webp,*/*;q=0.8", "image/webp", "image/jpeg, ,\t*/*", ""]
    static let tagLists = ["*", "\"v1\"", "W/\"a\", \"b,c\"", "\"a", ""]
    static let dates = [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", "x", "",
    ]
    static let ranges = [
        "bytes=0-1", "bytes=-2", "bytes=2-", "bytes=0-0,2-3", "bytes=900-", "BYTES=0-1", "pages=1-2", "bytes=1-0", "",
    ]
    /// Not among them is `Proxy-Connection: close`, which the standard decoder obeys although it means nothing.
    static let fillers: [RequestDraft.Field] = [
        .init("User-Agent", "curl/8"), .init("Cookie", "a=b; c=\"d\""), .init("Sec-CH-Width", "300"),
        .init("TE", "trailers"), .init("Referer", "http://a/b#c"), .init("x-latin", "caf"), .init("Trailer", "Host"),
        .init("!#$%&'*+-.^_`|~1", "v"), .init("Hos", "b"), .init("Hosts", "b"), .init("X-Host", "b"),
        .init("Proxy-Connection", "keep-alive"), .init("Transfer-Encodin", "chunked"),
        .init("Content-Lengt", "5"), .init("Content-Length2", "5"), .init("Content_Length", "5"),
    ]
}
