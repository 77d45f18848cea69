import CacheProtocol
@testable import EdgeHTTP
import NIOCore
import Synchronization
import Testing

/// The same on real connections: right requests in a row and something else behind them, sent whole and in pieces.
/// What follows a message that was not understood, or that may have a body, is never answered. `VIGNETTE_SEED` replays
/// a run.
@Suite(.timeLimit(.minutes(5)))
struct DifferentialConnectionTests {
    @Test func rightRequestsInARow() async throws {
        var generator = RequestGenerator(random: seededGenerator())
        try await Echo.run { echo in
            for _ in 0..<150 {
                var requests = generator.row(of: 0..<20)
                requests.append(generator.random.isOne(in: 2) ? generator.plain(goesOn: false) : generator.last())
                let messages = requests.map(\.draft.bytes) + [Array(RequestMutation.canary.utf8)]
                let conversation = try await echo.converse(generator.pieces(of: messages))
                #expect(conversation.seen == requests.map(\.meaning), conversation.comment)
                try conversation.expectAnswers()
                #expect(conversation.answers.count == requests.count, conversation.comment)
            }
        }
    }

    @Test func nothingIsAnsweredBehindASpoiltRequest() async throws {
        var generator = RequestGenerator(random: seededGenerator())
        try await Echo.run { echo in
            for round in 0..<(RequestMutation.all.count * 12) {
                let mutation = RequestMutation.all[round % RequestMutation.all.count]
                let stream = generator.spoilt(by: mutation)
                try stream.expect(try await echo.converse(generator.pieces(of: stream.messages)))
            }
        }
    }

    @Test func cutInTwoAnywhere() async throws {
        var generator = RequestGenerator(random: seededGenerator())
        try await Echo.run { echo in
            for round in 0..<5 {
                let mutation = generator.random.pick(RequestMutation.short)
                let stream = generator.spoilt(by: mutation, behind: 1..<2, isPlain: round.isMultiple(of: 2))
                let whole = try await echo.converse([stream.bytes])
                try stream.expect(whole)
                for cut in 1..<stream.bytes.count {
                    let pieces = try await echo.converse([Array(stream.bytes[..<cut]), Array(stream.bytes[cut...])])
                    #expect(pieces == whole, "cut at \(cut): \(whole.comment)")
                }
            }
        }
    }

    @Test func byteByByte() async throws {
        var generator = RequestGenerator(random: seededGenerator())
        try await Echo.run { echo in
            for mutation in RequestMutation.short.shuffled(using: &generator.random).prefix(20) {
                let stream = generator.spoilt(by: mutation, behind: 1..<3)
                let whole = try await echo.converse([stream.bytes])
                try stream.expect(whole)
                let pieces = try await echo.converse(stream.bytes.map { [$0] })
                #expect(pieces == whole, whole.comment)
            }
        }
    }
}

/// Right requests, one that is spoilt, and the one that must not be answered where it may be a body.
private struct SpoiltStream {
    let right: [WrittenRequest]
    let spoilt: [UInt8]
    let mutation: RequestMutation

    var messages: [[UInt8]] { right.map(\.draft.bytes) + [spoilt] }
    var bytes: [UInt8] { messages.flatMap(\.self) }

    func expect(_ conversation: Conversation) throws {
        let comment: Comment = "\(mutation.name): \(conversation.comment)"
        try conversation.expectAnswers()
        #expect(conversation.seen.starts(with: right.map(\.meaning)), comment)
        let more = conversation.seen.dropFirst(right.count)
        switch mutation.outcome {
        case .refused:
            #expect(more.isEmpty, comment)
            #expect(conversation.answers.count == right.count + 1, comment)
            #expect(conversation.answers.last?.isRefusal == true, comment)
        case .ended:
            #expect(more.count <= 1, comment)
            #expect(conversation.answers.count == right.count + 1, comment)
        case .judged:
            let theirs = try StandardOracle.read(spoilt).requests.compactMap { RequestMeaning($0.head) }
            #expect(theirs.starts(with: more), comment)
        }
        #expect(mutation.outcome == .judged || !conversation.seen.contains { $0.target == "/canary" }, comment)
    }
}

extension RequestMutation {
    /// Those that make no long request, which would be cut very often.
    fileprivate static let short = all.filter { mutation in !sizes.contains { $0.name == mutation.name } }
}

extension RequestGenerator {
    fileprivate mutating func row(of count: Range<Int>, isPlain: Bool = false) -> [WrittenRequest] {
        (0..<Int.random(in: count, using: &random)).map { _ in
            if isPlain || random.isOne(in: 2) { return plain() }
            let request = unusual()
            return request.goesOn ? request : plain()
        }
    }

    /// All at once, or one after the other (which is the short way of hits), or cut anywhere.
    fileprivate mutating func pieces(of messages: [[UInt8]]) -> [[UInt8]] {
        let stream = messages.flatMap(\.self)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return [stream]
        case 1: return messages
        default:
            let cuts = (0..<4).map { _ in Int.random(in: 0...stream.count, using: &random) }.sorted()
            return zip([0] + cuts, cuts + [stream.count]).map { Array(stream[$0..<$1]) }.filter { !$0.isEmpty }
        }
    }

    /// Ends the connection in an unusual way.
    fileprivate mutating func last() -> WrittenRequest {
        while true {
            let request = unusual(goesOn: false)
            if !request.goesOn { return request }
        }
    }

    fileprivate mutating func spoilt(
        by mutation: RequestMutation, behind count: Range<Int> = 0..<5, isPlain: Bool = false
    ) -> SpoiltStream {
        let right = row(of: count, isPlain: isPlain)
        var draft = plain().draft
        mutation.apply(&draft, &random)
        return SpoiltStream(right: right, spoilt: draft.bytes + Array(RequestMutation.canary.utf8), mutation: mutation)
    }
}
