import Foundation

extension ClusterCommand {
    var inWords: String {
        let verb =
            switch kind {
            case .purge: "Purge"
            case .softPurge: "Soft purge"
            case .erase: "Erase"
            case .lift: "Lift"
            case .forget: "Forgetting"
            case .declareDead: "Declaring dead"
            case .configure: "Change"
            }
        return "\(verb) of \(scope.inWords)"
    }
}

extension ClusterCommand.Scope {
    var inWords: String {
        switch self {
        case .url(let url): url
        case .source(let path): "source '\(path)'"
        case .prefix(let path): "sources that begin with '\(path)'"
        case .tag(let tag): "tag '\(tag)'"
        case .site(let site): site.isEmpty ? "the default endpoint" : "endpoint '\(site)'"
        case .all: "everything"
        case .node(let name): "node '\(name)'"
        case .configuration: "the configuration"
        case .other: "something that a later version named"
        }
    }
}

extension CommandProgress {
    /// One line per node, by name; of an erase also how far its bytes are destroyed.
    var nodeLines: [String] {
        let lines = Columns.lines(nodes.map { ($0.name, $0.inWords) })
        guard let removal else { return lines }
        let head =
            switch removal.status {
            case .removed: "Removed" + (removal.at.map { " at \($0)" } ?? "") + ":"
            case .pending: "Not removed everywhere yet:"
            }
        return lines + [head] + Columns.lines(removal.nodes.map { ($0.name, $0.inWords) })
    }
}

extension CommandProgress.Node {
    var inWords: String {
        switch state {
        case "applied": "applied" + (at.map { " at \($0)" } ?? "")
        case "waiting": "waited for" + (atMostMilliseconds.map { ", at most \(Duration.milliseconds($0).inWords)" } ?? "")
        case "lease-run-out": "waited out: its lease ran out, and it answers nothing until it has caught up"
        case "ended": "ended, and answers nothing until it has caught up"
        case "declared-dead": "declared dead by the operator; its lease was not waited for"
        case "forgotten": "forgotten; it answers nothing until it has joined anew, with empty caches"
        default: state
        }
    }
}

extension CommandProgress.Removal.Node {
    var inWords: String {
        switch state {
        case "removed": "removed \(Amount.of(objects ?? 0, "object")), \(bytes ?? 0) bytes" + (at.map { ", at \($0)" } ?? "")
        case "pending": "has not reported yet: its disk may hold the bytes"
        case "unproven": "unproven: forgotten or declared dead before it reported, so its disk may hold the bytes"
        default: state
        }
    }
}

/// Names and what is said of them, in two columns by name.
enum Columns {
    static func lines(_ rows: [(name: String, words: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.sorted { $0.name.localizedStandardCompare($1.name) == .orderedAscending }.map { row in
            "  \(row.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(row.words)"
        }
    }
}

enum Amount {
    static func of(_ count: UInt64, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

/// `840 B`, `1.2 KiB`, `9.8 GiB`.
enum ByteCount {
    static func words(_ bytes: Int) -> String {
        if bytes < 1024 { return "\(bytes) B" }
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
        var (value, unit) = (Double(bytes) / 1024, 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return "\((value * 10).rounded() / 10) \(units[unit])"
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
