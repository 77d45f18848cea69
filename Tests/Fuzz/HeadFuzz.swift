/// Called by libFuzzer. The first byte says where the rest is cut in two, the second which limits hold; the rest is what
/// a client sends. Traps where the head scan breaks a promise.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeads(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 2 else { return 0 }
    let limits = [HeadLimits.real, .small, .fewFields, .shortTargets][Int(start[1]) % 4]
    let stream = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    var rest = stream[...]
    // One scanner for all heads of a connection, as the edge has it.
    var scanner = HeadScanner(limits: limits)
    while !rest.isEmpty {
        let bytes = Array(rest)
        let verdict = scanner.scan(bytes.span)
        promise(verdict == scan(bytes, limits), "a scanner that was reset is as good as new")
        checkPieces(bytes, cut: bytes.count * Int(start[0]) / 256, verdict, limits)
        // Other callers than the scanner's may give it anything.
        if let head = RequestHead(plain: bytes.span) { checkRanges(head, bytes.count) }
        guard case .complete(let length) = verdict else { break }
        checkHead(bytes, length, limits)
        scanner.reset()
        rest = rest.dropFirst(length)
    }
    return 0
}

private func scan(_ bytes: [UInt8], _ limits: HeadLimits) -> HeadScan {
    var scanner = HeadScanner(limits: limits)
    return scanner.scan(bytes.span)
}

private func checkPieces(_ bytes: [UInt8], cut: Int, _ whole: HeadScan, _ limits: HeadLimits) {
    var scanner = HeadScanner(limits: limits)
    let first = scanner.scan(bytes.span.extracting(first: cut))
    if first == .incomplete {
        promise(scanner.scan(bytes.span) == whole, "cut in two it has the same verdict")
    } else {
        promise(first == whole || first.isLimit && whole.isRefused, "a piece has the verdict of the whole")
    }
    scanner.reset()
    var verdict = HeadScan.incomplete
    for end in 1...bytes.count where verdict == .incomplete {
        verdict = scanner.scan(bytes.span.extracting(first: end))
    }
    promise(verdict == whole || verdict.isLimit && whole.isRefused, "byte by byte it has the same verdict")
}

private func checkHead(_ bytes: [UInt8], _ length: Int, _ limits: HeadLimits) {
    promise(length > 0 && length <= bytes.count && length <= limits.headBytes, "a head lies within what was sent")
    let bytes = Array(bytes[..<length])
    promise(bytes.suffix(4) == [13, 10, 13, 10], "a head ends with an empty line")
    for (index, byte) in bytes.enumerated() {
        switch byte {
        case 13: promise(bytes[index + 1] == 10, "no CR stands alone")
        case 10: promise(bytes[index - 1] == 13, "no LF stands alone")
        default: promise(byte >= 0x20 && byte != 0x7F || byte == 9, "a head has no control characters")
        }
    }
    let reference = ReferenceHead(bytes)
    promise(reference.lines.count <= limits.fields + 1, "a head has no more fields than allowed")
    promise(!reference.lines.contains { $0.isEmpty || $0[0] == 32 || $0[0] == 9 }, "no line is empty or folded")
    let target = reference.words[1]
    promise(reference.words.count == 3 && target.count <= limits.targetBytes, "a request line is three words")
    guard let head = RequestHead(plain: bytes.span) else {
        return promise(!reference.isPlain, "what is plain takes the plain path")
    }
    promise(reference.isPlain, "nothing else takes the plain path")
    checkRanges(head, bytes.count)
    func text(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(bytes[$0]) } }
    promise(head.method == (reference.words[0].count == 3 ? .get : .head), "the method")
    promise(text(head.target) == target, "the target")
    promise(text(head.host) == reference.values("host").first, "the host")
    promise(text(head.accept) == reference.values("accept").first, "Accept")
    promise(text(head.ifNoneMatch) == reference.values("if-none-match").first, "If-None-Match")
    promise(text(head.ifModifiedSince) == reference.values("if-modified-since").first, "If-Modified-Since")
    promise(text(head.range) == reference.single("range"), "Range")
    promise(text(head.ifRange) == reference.single("if-range"), "If-Range")
    promise(head.hasAuthorization == !reference.values("authorization").isEmpty, "Authorization")
    let closes = reference.values("connection").contains { $0.lowercased == ReferenceHead.close }
    promise(head.closes == closes, "Connection")
}

private func checkRanges(_ head: RequestHead, _ count: Int) {
    let all = [head.target, head.host, head.accept, head.ifNoneMatch, head.ifModifiedSince, head.range, head.ifRange]
    for range in all.compactMap(\.self) {
        promise(range.lowerBound >= 0 && range.upperBound <= count, "every range lies within the head")
    }
}

private func promise(_ holds: Bool, _ text: StaticString) {
    if !holds { fatalError("broken: \(text)") }
}

extension HeadScan {
    fileprivate var isRefused: Bool {
        if case .refused = self { true } else { false }
    }

    /// It may come before a fault that a longer piece would show.
    fileprivate var isLimit: Bool {
        [.refused(.targetTooLong), .refused(.headTooLarge), .refused(.requestLine)].contains(self)
    }
}

extension HeadLimits {
    fileprivate static let real = HeadLimits(EdgeHTTPConfiguration())
    fileprivate static let small = with { ($0.targetBytes, $0.headBytes, $0.fields) = (16, 64, 3) }
    fileprivate static let fewFields = with { $0.fields = 2 }
    fileprivate static let shortTargets = with { $0.targetBytes = 4 }

    private static func with(_ change: (inout HeadLimits) -> Void) -> HeadLimits {
        var limits = real
        change(&limits)
        return limits
    }
}
