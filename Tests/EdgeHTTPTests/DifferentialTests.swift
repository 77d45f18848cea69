@testable import EdgeHTTP
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// A request means to us what it means to NIO's decoder and to who wrote it, or it is refused. `VIGNETTE_SEED` replays
/// a run.
@Suite(.timeLimit(.minutes(5)))
struct DifferentialTests {
    @Test func rightRequestsMeanWhatTheirWriterMeant() throws {
        var generator = RequestGenerator(random: seededGenerator())
        let probe = StandardProbe()
        for round in 0..<4_000 {
            let goesOn = !generator.random.isOne(in: 3)
            let request =
                switch round % 50 {
                case 0: generator.largest()
                case 1..<25: generator.plain(goesOn: goesOn)
                default: generator.unusual(goesOn: goesOn)
                }
            let reading = try Reading(request.draft.bytes, probe)
            #expect(reading.whole == .complete(length: reading.bytes.count), reading.comment)
            try expectOneMeaning(reading)
            guard case .request(let meaning, let ours) = reading.ours else {
                Issue.record("refused: \(reading.text)")
                continue
            }
            #expect(meaning == request.meaning, reading.comment)
            #expect(ours == request.goesOn, reading.comment)
            if request.isPlain { #expect(reading.plain != nil, reading.comment) }
        }
    }

    @Test func spoiltRequestsMeanTheSameToBothOrNothing() throws {
        var generator = RequestGenerator(random: seededGenerator())
        let probe = StandardProbe()
        for round in 0..<10_000 {
            let mutation = RequestMutation.all[round % RequestMutation.all.count]
            var draft = generator.plain().draft
            mutation.apply(&draft, &generator.random)
            let reading = try Reading(draft.bytes + Array(RequestMutation.canary.utf8), probe)
            try expectOneMeaning(reading)
            switch mutation.outcome {
            case .refused: #expect(reading.ours == .refused, "\(mutation.name): \(reading.text)")
            case .ended: #expect(reading.ours.goesOn == false, "\(mutation.name): \(reading.text)")
            case .judged: break
            }
        }
    }

    private func expectOneMeaning(_ reading: Reading) throws {
        let bothRefuse = reading.inPieces.isRefused && reading.whole.isRefused
        #expect(reading.inPieces == reading.whole || bothRefuse, reading.comment)
        guard case .complete(let length) = reading.whole else {
            #expect(reading.whole != .incomplete, reading.comment)
            return
        }
        let oracle = try StandardOracle.read(reading.bytes[..<length])
        if let plain = reading.plain {
            // Both of our ways.
            #expect(reading.standard == .request(plain.meaning, goesOn: plain.goesOn), reading.comment)
        }
        switch reading.ours {
        case .refused:
            break
        case .request(let meaning, let goesOn):
            let theirs = try #require(oracle.only, reading.comment)
            #expect(RequestMeaning(theirs.head) == meaning, reading.comment)
            #expect(goesOn == (theirs.head.asksToGoOn && !theirs.hasBody), reading.comment)
        case .noObject(let goesOn):
            let theirs = try #require(oracle.only, reading.comment)
            #expect(![.GET, .HEAD].contains(theirs.head.method) && theirs.head.hasOneHost, reading.comment)
            #expect(goesOn == (theirs.head.asksToGoOn && !theirs.hasBody), reading.comment)
        }
    }
}

/// What we make of bytes, in memory.
private struct Reading {
    enum Understood: Equatable {
        case refused
        case request(RequestMeaning, goesOn: Bool)
        /// Answered without the responder.
        case noObject(goesOn: Bool)

        var goesOn: Bool {
            switch self {
            case .refused: false
            case .request(_, let goesOn), .noObject(let goesOn): goesOn
            }
        }
    }

    let bytes: [UInt8]
    let whole: HeadScan
    let inPieces: HeadScan
    var plain: (meaning: RequestMeaning, goesOn: Bool)?
    var standard = Understood.refused

    init(_ bytes: [UInt8], _ probe: StandardProbe) throws {
        self.bytes = bytes
        var scanner = HeadScanner(limits: HeadScannerTests.limits)
        whole = scanner.scan(bytes.span)
        var pieces = HeadScanner(limits: HeadScannerTests.limits)
        var verdict = HeadScan.incomplete
        var end = 0
        while verdict == .incomplete, end < bytes.count {
            end += 1
            verdict = pieces.scan(bytes.span.extracting(first: end))
        }
        inPieces = verdict
        guard case .complete(let length) = whole else { return }
        let head = Array(bytes[..<length])
        if let parsed = RequestHead(plain: head.span) {
            plain = (RequestMeaning(parsed, head.span), !parsed.closes)
        }
        switch try probe.read(head) {
        case .plain(let written, let parsed, let use):
            standard = .request(RequestMeaning(parsed, written.readableBytesUInt8Span), goesOn: use.goesOn)
        case .options(let use), .methodNotAllowed(let use):
            standard = .noObject(goesOn: use.goesOn)
        case .refused(let fault):
            #expect((400...505).contains(fault.failure.status), "\(fault)")
        }
    }

    var ours: Understood {
        plain.map { .request($0.meaning, goesOn: $0.goesOn) } ?? standard
    }

    var comment: Comment { "\(text)" }

    var text: String { shortened(bytes) }
}

extension HeadScan {
    fileprivate var isRefused: Bool {
        if case .refused = self { true } else { false }
    }
}

extension RequestMeaning {
    init(_ head: RequestHead, _ bytes: Span<UInt8>) {
        func text(_ range: Range<Int>?) -> String? { range.map { bytes.text($0) } }
        method = head.method == .get ? "GET" : "HEAD"
        target = bytes.text(head.target)
        host = bytes.text(head.host)
        accept = text(head.accept)
        ifNoneMatch = text(head.ifNoneMatch)
        ifModifiedSince = text(head.ifModifiedSince)
        range = text(head.range)
        ifRange = text(head.ifRange)
        hasAuthorization = head.hasAuthorization
        var line = head.fieldsStart
        while let field = HeaderField(bytes, at: line), other == nil {
            if bytes.isName("x", field.name) { other = bytes.text(field.value) }
            line = field.next
        }
    }
}

/// Our standard path on a channel of its own.
private final class StandardProbe {
    private let handler = Handler()
    private let channel: EmbeddedChannel

    init() {
        channel = EmbeddedChannel(handler: handler)
    }

    func read(_ head: [UInt8]) throws -> StandardRequest {
        try channel.writeInbound(ByteBuffer(bytes: head))
        // The decoder leaves the pipeline a turn later.
        channel.embeddedEventLoop.run()
        return try #require(handler.request)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var request: StandardRequest?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            request = StandardDecoder.decode(
                unwrapInboundIn(data), limits: HeadScannerTests.limits, behind: self, context: context)
        }
    }
}
