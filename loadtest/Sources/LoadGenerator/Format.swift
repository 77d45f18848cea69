/// Numbers for people.
enum Format {
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var grouped = value < 0 ? "-" : ""
        for (offset, digit) in digits.enumerated() {
            if offset > 0, (digits.count - offset).isMultiple(of: 3) { grouped.append(",") }
            grouped.append(digit)
        }
        return grouped
    }

    /// Always at least three digits that mean something: "0.213 ms", "12.3 ms", "1.52 s".
    static func milliseconds(_ value: Double) -> String {
        switch value {
        case ..<10: "\(fixed(value, 3)) ms"
        case ..<100: "\(fixed(value, 2)) ms"
        case ..<1_000: "\(fixed(value, 1)) ms"
        default: "\(fixed(value / 1_000, 2)) s"
        }
    }

    static func seconds(_ value: Double) -> String {
        "\(fixed(value, value < 10 ? 1 : 0)) s"
    }

    static func rate(_ perSecond: Double) -> String {
        perSecond < 100 ? "\(fixed(perSecond, 1))/s" : "\(count(Int(perSecond.rounded())))/s"
    }

    static func percent(_ share: Double) -> String {
        "\(fixed(share * 100, 1)) %"
    }

    static func bytes(_ value: Double) -> String {
        switch value {
        case ..<1e3: "\(Int(value)) B"
        case ..<1e6: "\(fixed(value / 1e3, 1)) kB"
        case ..<1e9: "\(fixed(value / 1e6, 1)) MB"
        default: "\(fixed(value / 1e9, 2)) GB"
        }
    }

    /// "200: 1,234, 404: 3", the most frequent first.
    static func counts(_ counts: [String: Int]) -> String {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key): \(count($0.value))" }.joined(separator: ", ")
    }

    static func fixed(_ value: Double, _ places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int((value.magnitude * scale).rounded())
        let whole = String(scaled / Int(scale))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + whole }
        let fraction = String(scaled % Int(scale))
        return "\(sign)\(whole).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
    }
}
