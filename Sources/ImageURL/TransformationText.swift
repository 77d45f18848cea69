/// Where a transformation text stands, for error messages.
enum TransformationPlace {
    /// Number of the `tr:` segment in the path, from 1.
    case path(segment: Int)
    case query
    /// The definition of a name.
    case named
    case canonical

    var isDefinition: Bool {
        if case .named = self { true } else { false }
    }

    var description: String {
        switch self {
        case .path(let segment): "the tr: in path segment \(segment)"
        case .query: "the query's tr="
        case .named: "a named transformation"
        case .canonical: "the recipe"
        }
    }
}

/// One `key-value` of a transformation text.
struct TransformationItem {
    /// Before the first `-`; the whole text when there is none.
    let key: ArraySlice<UInt8>
    /// After the first `-`; nil when there is none.
    let value: ArraySlice<UInt8>?
    let text: ArraySlice<UInt8>
    /// From 1, within this text.
    let step: Int
    let place: TransformationPlace
    /// The item is followed by `:` or by the end of the text.
    let endsStep: Bool

    /// The item and where it stands.
    var located: String {
        "\(quoted(text)) (step \(step) of \(place.description))"
    }
}

/// Walks a percent-decoded transformation text item by item (reference §1.2): `,` separates items of a step, `:`
/// separates steps.
struct TransformationText {
    private let bytes: [UInt8]
    private let place: TransformationPlace
    private var position = 0
    private var step = 1
    private var isFinished: Bool

    var isAtEnd: Bool { isFinished }

    init(_ bytes: [UInt8], place: TransformationPlace) {
        self.bytes = bytes
        self.place = place
        self.isFinished = bytes.isEmpty
    }

    /// nil at the end. An empty item (`w-1,,h-1`, a leading or trailing separator) is an error: it is a cut or a typing
    /// slip, and guessing would answer another picture than the one meant.
    mutating func next() throws(ImageURLError) -> TransformationItem? {
        if isFinished { return nil }
        let start = position
        var end = start
        var key = start..<start
        var hasValue = false
        while end < bytes.count, bytes[end] != UInt8(ascii: ","), bytes[end] != UInt8(ascii: ":") {
            if !hasValue, bytes[end] == UInt8(ascii: "-") {
                key = start..<end
                hasValue = true
            }
            end += 1
        }
        if !hasValue { key = start..<end }
        isFinished = end == bytes.count
        let endsStep = isFinished || bytes[end] == UInt8(ascii: ":")
        defer {
            position = end + 1
            if endsStep { step += 1 }
        }
        guard end > start else {
            throw .badTransformation(
                "empty item in step \(step) of \(place.description): two separators stand together, or one at an end")
        }
        return TransformationItem(
            key: bytes[key], value: hasValue ? bytes[(key.upperBound + 1)..<end] : nil, text: bytes[start..<end],
            step: step, place: place, endsStep: endsStep
        )
    }
}
