internal import Foundation

/// Draws distributions of latency beside each other, as SVG: how many were answered within which time.
///
/// The axis of shares is stretched towards its end, where users' complaints come from: each step is a tenth of what lay
/// beyond the one before. Times are logarithmic.
struct PercentileChart {
    struct Curve {
        var name: String
        /// Beside its end, below the name.
        var note: String
        /// Percent, and milliseconds; both grow.
        var points: [(percentile: Double, milliseconds: Double)]
    }

    let title: String
    let note: String
    let curves: [Curve]

    private static let (width, height) = (860.0, 470.0)
    private static let margin = (left: 78.0, top: 78.0, right: 196.0, bottom: 66.0)
    /// From nothing to too much.
    private static let colours = ["#7a828e", "#2f7ebc", "#2e9e74", "#df8f1d", "#c43350", "#7b3fa0", "#444", "#111"]
    private static let shares = [0, 50, 90, 99, 99.9, 99.99]
    private static let labelHeight = 34.0

    private var plot: (left: Double, top: Double, right: Double, bottom: Double) {
        let margin = Self.margin
        return (margin.left, margin.top, Self.width - margin.right, Self.height - margin.bottom)
    }

    /// "99 %" is two steps from the left.
    private static func steps(_ percentile: Double) -> Double { -log10(max(1 - percentile / 100, 1e-9)) }

    private static let lastStep = steps(shares[shares.count - 1])

    private func x(_ percentile: Double) -> Double {
        plot.left + min(Self.steps(percentile) / Self.lastStep, 1) * (plot.right - plot.left)
    }

    /// Half and whole decades around the values.
    private var range: (low: Double, high: Double) {
        let values = curves.flatMap { drawn($0).map(\.milliseconds) }
        let low = (log10(max(values.min() ?? 0.1, 0.001)) * 2).rounded(.down) / 2
        let high = (log10(max(values.max() ?? 1, 0.001)) * 2).rounded(.up) / 2
        return (low, max(high, low + 1))
    }

    private func y(_ milliseconds: Double, _ range: (low: Double, high: Double)) -> Double {
        let share = (log10(max(milliseconds, 0.001)) - range.low) / (range.high - range.low)
        return plot.bottom - share * (plot.bottom - plot.top)
    }

    /// What the axis has room for; the very last answers are single ones, and not a distribution.
    private func drawn(_ curve: Curve) -> [(percentile: Double, milliseconds: Double)] {
        curve.points.filter { Self.steps($0.percentile) <= Self.lastStep }
    }

    var svg: String {
        let (width, height) = (Int(Self.width), Int(Self.height))
        let size = "viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\""
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) font-family=\"system-ui, sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
            text(title, Self.margin.left - 54, 32, size: 18, weight: "600", anchor: "start"),
            text(note, Self.margin.left - 54, 54, colour: "#5b6470", anchor: "start"),
        ]
        parts += grid
        parts += lines
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private var grid: [String] {
        var parts: [String] = []
        for share in Self.shares {
            parts.append(line(x(share), plot.top, x(share), plot.bottom, "#e6e9ee"))
            let label = share == 0 ? "0" : "\(share == share.rounded() ? Format.fixed(share, 0) : "\(share)") %"
            parts.append(text(label, x(share), plot.bottom + 20, colour: "#3d444d"))
        }
        for time in ticks {
            let at = y(time, range)
            parts.append(line(plot.left, at, plot.right, at, "#e6e9ee"))
            parts.append(text(Self.label(time), plot.left - 10, at + 4, colour: "#3d444d", anchor: "end"))
        }
        parts.append(line(plot.left, plot.bottom, plot.right, plot.bottom, "#9aa3ae"))
        let middle = (plot.left + plot.right) / 2
        parts.append(text("share of hits answered within the time", middle, plot.bottom + 46, colour: "#5b6470"))
        return parts
    }

    /// 1, 2 and 5 of each decade.
    private var ticks: [Double] {
        let range = range
        return (-3...5).flatMap { decade in [1.0, 2, 5].map { $0 * pow(10, Double(decade)) } }
            .filter { (range.low - 0.001...range.high + 0.001).contains(log10($0)) }
    }

    private var lines: [String] {
        let range = range
        var parts: [String] = []
        var ends: [(place: Int, y: Double)] = []
        for (place, curve) in curves.enumerated() {
            let points = drawn(curve)
            guard let last = points.last else { continue }
            let path = points.map { "\(fixed(x($0.percentile))),\(fixed(y($0.milliseconds, range)))" } + [
                "\(fixed(plot.right)),\(fixed(y(last.milliseconds, range)))"
            ]
            parts.append(
                "<polyline points=\"\(path.joined(separator: " "))\" fill=\"none\" stroke=\"\(colour(place))\" "
                    + "stroke-width=\"2.2\" stroke-linejoin=\"round\"/>")
            ends.append((place, y(last.milliseconds, range)))
        }
        return parts + labels(ends)
    }

    /// At the ends of their lines, and never on top of each other.
    private func labels(_ ends: [(place: Int, y: Double)]) -> [String] {
        let sorted = ends.sorted { ($0.y, $1.place) < ($1.y, $0.place) }
        var places = sorted.map(\.y)
        for index in places.indices.dropFirst() { places[index] = max(places[index], places[index - 1] + Self.labelHeight) }
        // As low as they may go, the last ones push those above them up again.
        let excess = max(0, (places.last ?? 0) - (plot.bottom - 4))
        if excess > 0 {
            places[places.count - 1] -= excess
            for index in places.indices.dropLast().reversed() {
                places[index] = min(places[index], places[index + 1] - Self.labelHeight)
            }
        }
        return zip(sorted, places).flatMap { end, at -> [String] in
            let curve = curves[end.place]
            return [
                line(plot.right, end.y, plot.right + 14, at, colour(end.place)),
                text(curve.name, plot.right + 20, at + 1, colour: colour(end.place), weight: "600", anchor: "start"),
                text(curve.note, plot.right + 20, at + 15, size: 11, colour: "#5b6470", anchor: "start"),
            ]
        }
    }

    private func colour(_ place: Int) -> String { Self.colours[place % Self.colours.count] }

    private static func label(_ milliseconds: Double) -> String {
        milliseconds < 1 ? "\(Format.fixed(milliseconds * 1_000, 0)) µs" : "\(Format.fixed(milliseconds, 0)) ms"
    }

    private func fixed(_ value: Double) -> String { Format.fixed(value, 1) }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String) -> String {
        "<line x1=\"\(fixed(x1))\" y1=\"\(fixed(y1))\" x2=\"\(fixed(x2))\" y2=\"\(fixed(y2))\" stroke=\"\(colour)\"/>"
    }

    private func text(
        _ words: String, _ x: Double, _ y: Double, size: Int = 12, colour: String = "#1c2128", weight: String = "400",
        anchor: String = "middle"
    ) -> String {
        let escaped = words.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        return "<text x=\"\(fixed(x))\" y=\"\(fixed(y))\" font-size=\"\(size)\" font-weight=\"\(weight)\" fill=\"\(colour)\" "
            + "text-anchor=\"\(anchor)\">\(escaped)</text>"
    }
}
