/// What a request asks, as texts, so that three readers of it can be compared: who wrote it, we, and NIO's decoder.
struct RequestMeaning: Equatable {
    var method = "GET"
    var target = "/"
    var host = ""
    /// Several are one list.
    var accept: String?
    var ifNoneMatch: String?
    /// Nil where there were several.
    var ifModifiedSince: String?
    /// Empty where there were several.
    var range: String?
    var ifRange: String?
    var hasAuthorization = false
    /// The field `X`, as one that only a responder reads.
    var other: String?
}

extension RequestMeaning {
    /// What the answers' entity tag says, so that an answer shows which request it is to.
    var digest: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(method) \(host) \(target)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "\"\(String(hash, radix: 16))\""
    }
}
