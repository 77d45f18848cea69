internal import CacheProtocol

/// What is answered, before any byte of it is written: pure, from the answer, the request's conditions and the clock.
struct ResponsePlan {
    enum Content {
        /// 200, 206 or 304.
        case object(Representation)
        case failure(EdgeFailure)
        /// 204 to OPTIONS.
        case options
    }

    var status: UInt16
    var content: Content
    /// Of the representation or of the part of it, whether or not its bytes are sent.
    var contentLength: Int
    var selection = Selection.whole
    /// False for HEAD and 304.
    var sendsBody: Bool
    var cacheStatus: CacheStatus
    var connection: ConnectionUse
    /// The text of a failure, for people.
    var text: String
    var allow = false
    /// Of a representation that has none of the bytes that were asked for: 416.
    var unsatisfiedLength: Int?

    /// What is sent of the representation.
    enum Selection {
        case whole
        case part(Range<Int>, of: Int)
        case parts(MultipartRanges)
    }

    /// - Parameter request: Nil where none could be read.
    init(_ answer: EdgeAnswer, to request: EdgeRequest?, connection: ConnectionUse) {
        switch answer.kind {
        case .object(let object) where object.metadata.status == 200:
            let has = request?.alreadyHas(object.metadata) ?? false
            let length = object.body.length
            self.init(
                status: has ? 304 : 200, content: .object(object), contentLength: length,
                sendsBody: !has && request?.method != .head && length > 0, cacheStatus: answer.cacheStatus,
                connection: connection
            )
            if !has, let request { select(request.ranges(of: object.metadata, length: length), of: object.metadata, length) }
        case .object(let object):
            self.init(EdgeFailure(negative: object.metadata), answer.cacheStatus, isHead: request?.method == .head, connection)
        case .failure(let failure):
            self.init(failure, answer.cacheStatus, isHead: request?.method == .head, connection)
        }
    }

    private init(
        status: UInt16, content: Content, contentLength: Int, sendsBody: Bool, cacheStatus: CacheStatus,
        connection: ConnectionUse, text: String = ""
    ) {
        self.status = status
        self.content = content
        self.contentLength = contentLength
        self.sendsBody = sendsBody
        self.cacheStatus = cacheStatus
        self.connection = connection
        self.text = text
    }

    init(_ failure: EdgeFailure, _ cacheStatus: CacheStatus, isHead: Bool = false, _ connection: ConnectionUse) {
        let text = Self.visible(failure.text)
        self.init(
            status: failure.status, content: .failure(failure), contentLength: text.utf8.count + 1, sendsBody: !isHead,
            cacheStatus: cacheStatus, connection: connection, text: text
        )
    }

    private mutating func select(_ ranges: ByteRanges, of metadata: ObjectMetadata, _ length: Int) {
        switch ranges {
        case .ignored: return
        case .unsatisfiable:
            self = ResponsePlan(.unsatisfiable(length), cacheStatus, connection)
            unsatisfiedLength = length
        case .satisfiable(let ranges) where ranges.count == 1:
            status = 206
            selection = .part(ranges[0], of: length)
            contentLength = ranges[0].count
        case .satisfiable(let ranges):
            guard ranges.reduce(0, { $0 + $1.count }) <= MultipartRanges.mostBytes else { return }
            let parts = MultipartRanges(ranges, of: metadata, length: length)
            status = 206
            selection = .parts(parts)
            contentLength = parts.contentLength
        }
    }

    static func options(_ connection: ConnectionUse) -> ResponsePlan {
        var plan = ResponsePlan(EdgeFailure(status: 204, code: "", message: ""), CacheStatus(outcome: nil, reason: nil), connection)
        plan.content = .options
        plan.allow = true
        plan.sendsBody = false
        return plan
    }

    static func methodNotAllowed(_ connection: ConnectionUse) -> ResponsePlan {
        let failure = EdgeFailure(status: 405, code: "EMETHOD", message: "images are read by GET and HEAD")
        var plan = ResponsePlan(failure, .refused(.badRequest), connection)
        plan.allow = true
        return plan
    }

    /// The code of a failure, for the access line.
    var errorCode: String? {
        guard case .failure(let failure) = content, !failure.code.isEmpty else { return nil }
        return failure.code
    }

    /// Header values carry visible ASCII and spaces: anything else, line ends above all, becomes `?`.
    static func visible(_ text: String) -> String {
        String(decoding: text.utf8.prefix(512).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
