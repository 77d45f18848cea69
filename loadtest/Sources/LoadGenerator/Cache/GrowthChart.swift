internal import Foundation

/// Draws how figures grow: a panel for each, both axes logarithmic, as SVG.
struct GrowthChart {
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
    }

    struct Panel {
        var title: String
        var series: [Series]
        /// A line that values should stay below.
        var goals: [Double] = []
    }

    let title: String
    let panels: [Panel]

    private static let columns = 3
    private static let (width, height) = (320.0, 250.0)
    /// Around the plot of a panel: left, top, right, bottom.
    private static let margin = (left: 58.0, top: 30.0, right: 14.0, bottom: 58.0)
    private static let head = 44.0
    private static let colours = ["#1f5fa8", "#c4561a", "#2e8540"]

    var svg: String {
        let rows = (panels.count + Self.columns - 1) / Self.columns
        let (width, height) = (Self.width * Double(Self.columns), Self.height * Double(rows) + Self.head)
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" width=\"\(Int(width))\" "
                + "height=\"\(Int(height))\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
            Self.text(title, 16, 27, size: 16, anchor: "start"),
        ]
        for (place, panel) in panels.enumerated() {
            let (x, y) = (Double(place % Self.columns) * Self.width, Double(place / Self.columns) * Self.height + Self.head)
            parts.append("<g transform=\"translate(\(Int(x)) \(Int(y)))\">" + Self.drawing(panel).joined(separator: "\n") + "</g>")
        }
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private static func drawing(_ panel: Panel) -> [String] {
        let points = panel.series.flatMap(\.points)
        let x = Axis(points.map(\.x), from: margin.left, to: width - margin.right)
        let y = Axis(points.map(\.y) + panel.goals, from: height - margin.bottom, to: margin.top)
        var parts = [text(panel.title, margin.left, 16, size: 12, anchor: "start")]
        for decade in x.decades {
            let at = x.place(decade)
            parts.append(line(at, margin.top, at, height - margin.bottom, "#ddd"))
            parts.append(text(label(decade), at, height - margin.bottom + 15))
        }
        for decade in y.decades {
            let at = y.place(decade)
            parts.append(line(margin.left, at, width - margin.right, at, "#ddd"))
            parts.append(text(label(decade), margin.left - 6, at + 4, anchor: "end"))
        }
        for goal in panel.goals {
            let at = y.place(goal)
            parts.append(line(margin.left, at, width - margin.right, at, "#b00020", " stroke-dasharray=\"5 3\""))
            parts.append(text("goal \(label(goal))", margin.left + 4, at - 4, colour: "#b00020", anchor: "start"))
        }
        for (place, series) in panel.series.enumerated() {
            let colour = colours[place % colours.count]
            let places = series.points.map { (x.place($0.x), y.place($0.y)) }
            let path = places.map { "\(fixed($0.0)),\(fixed($0.1))" }.joined(separator: " ")
            parts.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.8\"/>")
            parts += places.map { "<circle cx=\"\(fixed($0.0))\" cy=\"\(fixed($0.1))\" r=\"3\" fill=\"\(colour)\"/>" }
            if panel.series.count > 1 {
                let left = margin.left + Double(place) * (width - margin.left) / Double(panel.series.count)
                parts.append(text("● \(series.name)", left, height - margin.bottom + 34, colour: colour, anchor: "start"))
            }
        }
        return parts
    }

    /// Whole decades around the values.
    private struct Axis {
        private let (low, high): (Double, Double)
        private let (from, to): (Double, Double)

        init(_ values: [Double], from: Double, to: Double) {
            let logs = values.filter { $0 > 0 }.map(log10)
            low = (logs.min() ?? 0).rounded(.down)
            high = max((logs.max() ?? 1).rounded(.up), low + 1)
            (self.from, self.to) = (from, to)
        }

        var decades: [Double] { stride(from: low, through: high, by: 1).map { pow(10, $0) } }

        func place(_ value: Double) -> Double {
            from + (log10(max(value, pow(10, low))) - low) / (high - low) * (to - from)
        }
    }

    private static func label(_ value: Double) -> String {
        switch value {
        case 1e9...: "\(short(value / 1e9)) G"
        case 1e6...: "\(short(value / 1e6)) M"
        case 1e3...: "\(short(value / 1e3)) k"
        default: short(value)
        }
    }

    private static func short(_ value: Double) -> String {
        value == value.rounded() ? Format.fixed(value, 0) : Format.fixed(value, value < 0.1 ? 3 : 1)
    }

    private static func fixed(_ value: Double) -> String { Format.fixed(value, 1) }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, _ more: String = ""
    ) -> String {
        "<line x1=\"\(fixed(x1))\" y1=\"\(fixed(y1))\" x2=\"\(fixed(x2))\" y2=\"\(fixed(y2))\" stroke=\"\(colour)\"\(more)/>"
    }

    private static func text(
        _ words: String, _ x: Double, _ y: Double, size: Int = 11, colour: String = "#222", anchor: String = "middle"
    ) -> String {
        let escaped = words.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        return "<text x=\"\(fixed(x))\" y=\"\(fixed(y))\" font-size=\"\(size)\" fill=\"\(colour)\" "
            + "text-anchor=\"\(anchor)\">\(escaped)</text>"
    }
}

extension CacheReport {
    /// How the figures of `scale` grow; nil when they were not measured at two numbers of objects.
    public var growthChart: String? {
        guard let scale, scale.count > 1 else { return nil }
        func series(_ name: String, _ value: (Scale) -> Double) -> GrowthChart.Series {
            GrowthChart.Series(name: name, points: scale.map { (Double($0.objects), value($0)) })
        }
        return GrowthChart(
            title: "The cache by the number of its objects",
            panels: [
                GrowthChart.Panel(
                    title: "Memory, bytes per object",
                    series: [
                        series("index", \.indexBytesPerObject), series("process", \.residentBytesPerObject),
                        series("restarted", \.residentBytesPerObjectRestarted),
                    ], goals: [64]),
                GrowthChart.Panel(title: "Hit from the page cache, ns", series: [series("", \.diskHit)]),
                GrowthChart.Panel(title: "Fills per second", series: [series("", \.fillsPerSecond)]),
                GrowthChart.Panel(
                    title: "Restart to the first hit, ms",
                    series: [
                        series("kill -9", \.afterKill.firstHit), series("stop", \.afterStop.firstHit),
                        series("lost index", \.withoutCheckpoint.firstHit),
                    ], goals: [1_000]),
                GrowthChart.Panel(
                    title: "Restart to all, ms",
                    series: [
                        series("kill -9", \.afterKill.all), series("stop", \.afterStop.all),
                        series("lost index", \.withoutCheckpoint.all),
                    ], goals: [2_000]),
                GrowthChart.Panel(
                    title: "Checkpoint, ms and kB",
                    series: [
                        series("ms", { max($0.checkpointMilliseconds, 1) }), series("kB", { Double($0.checkpointBytes) / 1e3 }),
                    ]),
            ]).svg
    }
}
