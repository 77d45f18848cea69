/// What a receipt proves, in plain words.
extension ErasureReceipt {
    /// One line each, without line breaks or control characters, whatever stands in the receipt.
    public var words: [String] {
        var lines = [
            "Erase of '\(Self.printable(named))', revision \(revision) of journal \(Self.printable(journal)),"
                + " ordered by \(Self.printable(orderedBy)) at \(Self.printable(orderedAt)).",
            "Completed at \(Self.printable(completedAt)): a request received since is answered with its bytes by no node.",
        ]
        switch status {
        case .completed:
            let pending = nodes.count { $0.removal.state == .pending }
            lines.append(
                "Not yet removed when this receipt was issued, at \(Self.printable(issuedAt)): \(pending) of \(nodes.count)"
                    + " nodes had not reported. Fetch it again later.")
        case .removed:
            lines.append(
                "Removed\(removedAt.map { " at \(Self.printable($0))" } ?? ""): "
                    + (unproven == 0
                        ? "every node has destroyed the bytes on its disk and in its memory."
                        : "every node has destroyed the bytes but for \(unproven) that proved nothing; see below."))
        }
        lines.append("Where the bytes may have come from:")
        lines += sources.map { "  storage \(Self.printable($0.storage)), key \(Self.printable($0.key))" }
        lines.append("Nodes:")
        let width = nodes.map { Self.printable($0.name).count }.max() ?? 0
        lines += nodes.map { node in
            let name = Self.printable(node.name)
            return "  " + name + String(repeating: " ", count: width - name.count) + "  \(node.removal.words); \(node.silencedWords)"
        }
        lines.append("The journal's digest through this revision: \(Self.printable(chainDigest))")
        return lines
    }

    private var unproven: Int { nodes.count { $0.removal.state == .unproven } }

    /// A name from a receipt must not move the terminal's cursor over the words that stand before it.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map {
            switch $0.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: "\u{FFFD}"
            default: $0
            }
        }))
    }
}

extension ErasureReceipt.Removal {
    var words: String {
        switch state {
        case .removed:
            "removed \(objects ?? 0) object\(objects == 1 ? "" : "s"), \(bytes ?? 0) bytes"
                + (at.map { ", at \(ErasureReceipt.printable($0))" } ?? "")
        case .pending: "PENDING: it had not reported, so its disk may hold the bytes"
        case .unproven: "UNPROVEN: it was forgotten or declared dead before it reported, so its disk may hold the bytes"
        }
    }
}

extension ErasureReceipt.Node {
    var silencedWords: String {
        guard !silenced.isEmpty else { return "held no lease, so it answered nothing" }
        return silenced.map { life in
            let how =
                switch life.how {
                case "applied": "applied the erase"
                case "lease-run-out": "its lease had run out"
                case "ended": "its process had ended"
                case "declared-dead": "the operator declared it dead"
                case "forgotten": "its lease had run out, and it was forgotten,"
                default: ErasureReceipt.printable(life.how)
                }
            return "\(how) at \(ErasureReceipt.printable(life.at))"
        }.joined(separator: ", ")
    }
}
