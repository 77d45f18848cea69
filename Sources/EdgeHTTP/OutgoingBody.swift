internal import NIOCore

/// What is sent of an object's body.
enum OutgoingBody {
    case none
    case memory(BodySlice)
    case file(descriptor: CInt, offset: Int, length: Int, pin: any AnyObject & Sendable)
    /// Several parts with what stands between them.
    case parts(ByteBuffer)

    /// - Returns: Nil for a file that is shorter than it should be: sending from it would never come to an end.
    init?(_ body: AnswerBody, _ selection: ResponsePlan.Selection) {
        switch (selection, body) {
        case (_, .none):
            self = .none
        case (.parts(let parts), _):
            guard let bytes = parts.body({ Self.read(body, $0) }) else { return nil }
            self = .parts(bytes)
        case (_, .memory(let bytes)):
            self = .memory(BodySlice(bytes, selection.range(of: bytes.count)))
        case (_, .file(let descriptor, let offset, let length, let pin)):
            guard FileView.holds(descriptor, offset, length) else { return nil }
            let range = selection.range(of: length)
            self = .file(descriptor: descriptor, offset: offset + range.lowerBound, length: range.count, pin: pin)
        }
    }

    /// The whole.
    init(_ body: DirectAnswer.Body) {
        switch body {
        case .memory(let bytes):
            self = .memory(BodySlice(bytes, 0..<bytes.count))
        case .file(let descriptor, let offset, let length, let pin):
            self = .file(descriptor: descriptor, offset: offset, length: length, pin: pin)
        }
    }

    private static func read(_ body: AnswerBody, _ range: Range<Int>) -> ByteBuffer? {
        switch body {
        case .memory(let bytes): BodySlice(bytes, range).withUnsafeBytes { ByteBuffer(bytes: $0) }
        case .file(let descriptor, let offset, _, _): FileView.read(descriptor, offset + range.lowerBound, range.count)
        case .none: nil
        }
    }

    var length: Int {
        switch self {
        case .none: 0
        case .memory(let slice): slice.range.count
        case .file(_, _, let length, _): length
        case .parts(let bytes): bytes.readableBytes
        }
    }

    var isInMemory: Bool {
        if case .memory = self { true } else { false }
    }
}

/// A part of bytes that somebody else owns.
struct BodySlice {
    private let bytes: any BodyBytes
    let range: Range<Int>

    init(_ bytes: any BodyBytes, _ range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}

extension ResponsePlan.Selection {
    fileprivate func range(of length: Int) -> Range<Int> {
        if case .part(let range, _) = self { range } else { 0..<length }
    }
}
