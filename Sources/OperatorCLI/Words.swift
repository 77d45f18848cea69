import Foundation

extension ClusterCommand {
    var inWords: String {
        "\(kind.rawValue.capitalized) of \(scope.inWords)"
    }
}

extension ClusterCommand.Scope {
    var inWords: String {
        switch self {
        case .url(let url): url
        case .source(let path): "source '\(path)'"
        case .all: "everything"
        case .other: "something that a later version named"
        }
    }
}

extension CommandProgress {
    /// One line per node, by name.
    var nodeLines: [String] {
        let width = nodes.map(\.name.count).max() ?? 0
        return nodes.sorted { $0.name.localizedStandardCompare($1.name) == .orderedAscending }.map { node in
            "  \(node.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(node.inWords)"
        }
    }
}

extension CommandProgress.Node {
    var inWords: String {
        switch state {
        case "applied": "applied"
        case "waiting": "waited for" + (atMostMilliseconds.map { ", at most \(Duration.milliseconds($0).inWords)" } ?? "")
        case "lease-run-out": "waited out: its lease ran out, and it answers nothing until it has caught up"
        case "ended": "ended, and answers nothing until it has caught up"
        default: state
        }
    }
}

extension Duration {
    /// Two significant parts, as people say it: `12 ms`, `3.4 s`, `9 min 40 s`.
    var inWords: String {
        let seconds = self / .seconds(1)
        if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
        let whole = Int(seconds.rounded())
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<3600: "\(whole / 60) min \(whole % 60) s"
        default: "\(whole / 3600) h \(whole % 3600 / 60) min"
        }
    }
}
