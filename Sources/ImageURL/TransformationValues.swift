/// How the value of each key is read (reference §2.1, §2.3, §2.4, §2.6).
extension TransformationItem {
    /// `w`, `h`: whole pixels, or a fraction between 0 and 1; exactly 1 is one pixel. nil when the side is ignored
    /// because it is larger than a URL may ask for.
    func dimension() throws(ImageURLError) -> Dimension? {
        let expected = "whole pixels such as 300, or a fraction of the source such as 0.5"
        let value = try given(expected)
        if value.elementsEqual("auto".utf8) { throw notYet("client hints (auto)") }
        guard let number = Decimal(value) else {
            if isExpression(value) { throw notYet("arithmetic expressions") }
            throw wrong("needs " + expected)
        }
        if let pixels = number.whole {
            if pixels == 0 { throw wrong("is no size; the smallest is 1 pixel") }
            return pixels <= TransformationBounds.largestSide ? .pixels(pixels) : nil
        }
        guard number.millionths < Decimal.unit else {
            throw wrong("is neither whole pixels nor a fraction between 0 and 1")
        }
        guard number.millionths > 0 else { throw wrong("is too small a fraction; the smallest is 0.000001") }
        return .fraction(number.double)
    }

    func cropMode() throws(ImageURLError) -> CropMode {
        let expected = "one of maintain_ratio, force, at_max, at_max_enlarge, at_least"
        let word = String(decoding: try given(expected), as: UTF8.self)
        if let mode = CropMode(rawValue: word) { return mode }
        switch word {
        case "maintain_ratio_no_enlarge", "extract", "pad_extract", "pad_extract_no_shrink", "pad_resize",
            "pad_resize_no_enlarge":
            throw notYet("this crop mode")
        default:
            throw wrong("needs " + expected)
        }
    }

    func devicePixelRatio() throws(ImageURLError) -> Double {
        let expected = "a number from 0.1 to 5"
        let value = try given(expected)
        if value.elementsEqual("auto".utf8) { throw notYet("client hints (auto)") }
        guard let number = Decimal(value) else {
            if isExpression(value) { throw notYet("arithmetic expressions") }
            throw wrong("needs " + expected)
        }
        let isInRange = TransformationBounds.devicePixelRatio.contains(number.double)
        let isAboveByWhatWasCut = number.wasCut && number.double == TransformationBounds.devicePixelRatio.upperBound
        guard isInRange, !isAboveByWhatWasCut else { throw wrong("is out of range; it needs " + expected) }
        return number.double
    }

    func format() throws(ImageURLError) -> RequestedFormat {
        let expected = "one of auto, jpg, jpeg, png, webp, avif, orig"
        let word = String(decoding: try given(expected), as: UTF8.self)
        if let format = RequestedFormat(rawValue: word) { return format }
        switch word {
        case "jpeg": return .jpeg
        case "gif", "svg", "jxl", "mp4", "webm": throw notYet("this output format")
        default: throw wrong("needs " + expected)
        }
    }

    func quality() throws(ImageURLError) -> Int {
        let expected = "a whole number from 1 to 100"
        guard let number = Decimal(try given(expected))?.whole else { throw wrong("needs " + expected) }
        guard TransformationBounds.quality.contains(number) else {
            throw wrong("is out of range; it needs " + expected)
        }
        return number
    }

    private func given(_ expected: String) throws(ImageURLError) -> ArraySlice<UInt8> {
        guard let value, !value.isEmpty else { throw wrong("has no value; it needs " + expected) }
        return value
    }

    private func wrong(_ what: String) -> ImageURLError {
        .badTransformation("\(located) \(what)")
    }

    private func notYet(_ what: String) -> ImageURLError {
        .unsupported("\(located): \(what) not supported yet")
    }

    /// A variable, alone or followed by an operator, or a number followed by an operator (reference §2.2).
    private func isExpression(_ value: ArraySlice<UInt8>) -> Bool {
        let parts = value.split(separator: UInt8(ascii: "_"), maxSplits: 2, omittingEmptySubsequences: false)
        let isVariable = variables.contains(String(decoding: parts[0], as: UTF8.self))
        if parts.count == 1 { return isVariable }
        return (isVariable || Decimal(parts[0]) != nil) && operators.contains(String(decoding: parts[1], as: UTF8.self))
    }
}

private let variables: Set<String> = [
    "iw", "ih", "iar", "cw", "ch", "car", "bw", "bh", "bar", "idu", "bdu", "cdu", "idn",
]
private let operators: Set<String> = ["add", "sub", "mul", "div", "mod", "pow"]
