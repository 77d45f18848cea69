/// A non-negative decimal number as URLs carry them, kept in millionths: text and value map one to one, which binary
/// floating point does not give. Digits beyond the sixth decimal are cut; they move no pixel.
struct Decimal: Hashable, Sendable {
    static let unit = 1_000_000
    private static let decimals = 6
    /// Integers above are read as this one: too large for anything here, and free of overflow.
    private static let largestInteger = 999_999_999

    var millionths: Int
    /// Something other than zero was cut off after the sixth decimal.
    private(set) var wasCut = false

    init(millionths: Int) {
        self.millionths = millionths
    }

    /// The nearest value to `value`; nil for negative, huge and not-a-number.
    init?(_ value: Double) {
        guard value >= 0, value < 1e9 else { return nil }
        self.millionths = Int((value * Double(Self.unit)).rounded())
    }

    /// `digits [ "." digits ]`; nil for anything else.
    init?(_ text: ArraySlice<UInt8>) {
        let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.endIndex
        let integer = text[..<point]
        guard !integer.isEmpty else { return nil }
        var value = 0
        for byte in integer {
            guard let digit = Self.digit(byte) else { return nil }
            value = min(value * 10 + digit, Self.largestInteger)
        }
        value *= Self.unit
        if point < text.endIndex {
            let fraction = text[(point + 1)...]
            guard !fraction.isEmpty else { return nil }
            var place = Self.unit / 10
            for byte in fraction {
                guard let digit = Self.digit(byte) else { return nil }
                value += digit * place
                wasCut = wasCut || (place == 0 && digit != 0)
                place /= 10
            }
        }
        self.millionths = value
    }

    /// The number when it is a whole one: `300` and `300.00`, not `300.5`.
    var whole: Int? {
        !wasCut && millionths % Self.unit == 0 ? millionths / Self.unit : nil
    }

    var double: Double {
        Double(millionths) / Double(Self.unit)
    }

    /// The shortest decimal text: no exponent, no trailing zeros.
    var text: String {
        let integer = String(millionths / Self.unit)
        var rest = millionths % Self.unit
        guard rest != 0 else { return integer }
        var width = Self.decimals
        while rest % 10 == 0 {
            rest /= 10
            width -= 1
        }
        let digits = String(rest)
        return integer + "." + String(repeating: "0", count: width - digits.utf8.count) + digits
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }
}
