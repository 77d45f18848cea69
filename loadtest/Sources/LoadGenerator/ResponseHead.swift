/// The head of an answer, as far as the load test looks at it.
struct ResponseHead: Sendable {
    var status = 0
    var cache = CacheVerdict.absent
    /// The Content-Length field.
    var length: Int?
    var isImage = false
    var isChunked = false
    var keepsAlive = true
    /// The server asks to come back later, and says when.
    var hasRetryAfter = false
}
