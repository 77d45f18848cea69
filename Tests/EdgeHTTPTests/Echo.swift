import CacheProtocol
@testable import EdgeHTTP
import Synchronization
import Testing

/// A server that notes what it is asked, and whose answers' entity tags say to which request they are.
struct Echo: Sendable {
    let server: TestServer
    private let seen: Notes

    private final class Notes: Sendable {
        let requests = Mutex<[RequestMeaning]>([])
    }

    static func run(_ body: (Echo) async throws -> Void) async throws {
        let seen = Notes()
        try await TestServer.run { request in
            let meaning = RequestMeaning(request)
            seen.requests.withLock { $0.append(meaning) }
            return hit("0123|") { $0.entityTag = meaning.digest }
        } _: { server in
            try await body(Echo(server: server, seen: seen))
        }
    }

    /// Sends the pieces one after the other on a connection of their own, each when the one before was read.
    func converse(_ pieces: [[UInt8]]) async throws -> Conversation {
        seen.requests.withLock { $0 = [] }
        let client = try await server.connect()
        for piece in pieces {
            // It may be over before all is sent.
            if client.isEnded { break }
            try? await client.send(piece)
            if pieces.count > 1 { await server.server.barrier() }
        }
        let bytes = await client.restBytes()
        try #require(client.isEnded, "not ended by the server: \(shortened(pieces.flatMap(\.self)))")
        let answers = try Answer.read(bytes, to: seen.requests.withLock { $0 })
        #expect(!client.wasReset)
        return Conversation(sent: pieces.flatMap(\.self), seen: seen.requests.withLock { $0 }, answers: answers)
    }
}

/// What a client sent, what the responder saw of it, and what came back before the server ended the connection.
struct Conversation: Equatable {
    let sent: [UInt8]
    let seen: [RequestMeaning]
    let answers: [Answer]

    /// An answer to each request that was seen, in order, and at most one refusal, at the end.
    func expectAnswers() throws {
        let last = try #require(answers.last, comment)
        #expect(last.ends, comment)
        #expect(answers.dropLast().allSatisfy { !$0.ends && !$0.isRefusal }, comment)
        let toSeen = answers.filter(\.isFromResponder)
        #expect(toSeen.count == seen.count, comment)
        for (answer, request) in zip(toSeen, seen) where answer.status != 416 {
            #expect(answer.entityTag == request.digest, comment)
        }
    }

    var comment: Comment {
        "\(shortened(sent)) → \(answers.map(\.line)) \(seen.map(\.target))"
    }
}

/// One answer, taken apart by rules of its own.
struct Answer: Equatable {
    let line: String
    let fields: [String]
    let body: [UInt8]

    var status: Int { Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var ends: Bool { fields.contains("Connection: close") }
    var isRefusal: Bool { [400, 408, 414, 417, 431, 501, 505].contains(status) }
    var isFromResponder: Bool { [200, 206, 304, 416].contains(status) }
    var entityTag: String? { field("ETag") }

    func field(_ name: String) -> String? {
        fields.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    /// - Parameter requests: As the responder saw them.
    static func read(_ bytes: [UInt8], to requests: [RequestMeaning]) throws -> [Answer] {
        var answers: [Answer] = []
        var rest = bytes[...]
        var asked = requests[...]
        while !rest.isEmpty {
            let end = try #require(rest.firstRange(of: Array("\r\n\r\n".utf8)), "\(readable(Array(rest)))")
            let lines = readable(Array(rest[..<end.lowerBound])).split(separator: "\n").map(String.init)
            let answer = Answer(line: lines[0], fields: Array(lines.dropFirst()), body: [])
            try #require(answer.line.hasPrefix("HTTP/1.1 "), "\(lines)")
            let isToHead = answer.isFromResponder && asked.popFirst()?.method == "HEAD"
            let isBodiless = isToHead || [204, 304].contains(answer.status)
            let length = isBodiless ? 0 : try #require(answer.field("Content-Length").flatMap(Int.init), "\(lines)")
            try #require(end.upperBound + length <= rest.endIndex, "\(lines)")
            rest = rest[end.upperBound...]
            answers.append(Answer(line: answer.line, fields: answer.fields, body: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return answers
    }
}

/// Bytes as a test's message shows them.
func shortened(_ bytes: [UInt8]) -> String {
    let text = readable(bytes).debugDescription
    return text.count < 4_000 ? text : "\(text.prefix(3_000)) … \(text.suffix(500))"
}

extension RequestMeaning {
    init(_ request: EdgeRequest) {
        method = request.method == .get ? "GET" : "HEAD"
        target = request.target
        host = request.host
        accept = request.accept
        ifNoneMatch = request.ifNoneMatch
        ifModifiedSince = request.ifModifiedSince
        // The responder is not told their bytes; several are none.
        range = request.head.range.map { $0.isEmpty ? "" : request.field("range") ?? "" }
        ifRange = request.head.ifRange.map { $0.isEmpty ? "" : request.field("if-range") ?? "" }
        hasAuthorization = request.hasAuthorization
        other = request.field("x")
    }
}
