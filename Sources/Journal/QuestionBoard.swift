internal import CacheProtocol

/// What nodes are asked on an operator's behalf, and what they have answered. Pure; nothing of it outlives the process.
struct QuestionBoard: Sendable {
    private struct Asked {
        var sources: [SourceIdentity]
        /// Who has not answered, and when it was last handed the question.
        var open: [UInt64: BootInstant?]
        var reports: [NodeReport] = []
    }

    private var asked: [UInt64: Asked] = [:]
    /// An answer may be lost on its way; a node that only takes long must not be asked again and again.
    private let patience: UInt64

    /// - Parameter patience: after how many milliseconds a node that has not answered is handed the question again.
    init(patience: UInt64) {
        self.patience = patience
    }

    mutating func ask(_ id: UInt64, _ sources: [SourceIdentity], of folders: [UInt64]) {
        asked[id] = Asked(sources: sources, open: Dictionary(folders.map { ($0, nil) }) { first, _ in first })
    }

    /// Whether there is a question that `folder` has never been handed, or not for long.
    func isDue(for folder: UInt64, at now: BootInstant) -> Bool {
        asked.values.contains { isDue($0.open[folder], at: now) }
    }

    /// What goes out with an answer to `folder` now.
    mutating func take(for folder: UInt64, at now: BootInstant) -> [NodeQuestion] {
        asked.filter { isDue($0.value.open[folder], at: now) }.keys.sorted().compactMap { id in
            asked[id]?.open[folder] = .some(.some(now))
            return asked[id].map { NodeQuestion(id: id, sources: $0.sources) }
        }
    }

    /// - Parameter handed: nil when the folder is not asked, or has answered.
    private func isDue(_ handed: BootInstant??, at now: BootInstant) -> Bool {
        guard let handed else { return false }
        return handed.map { $0.advanced(byMilliseconds: patience) <= now } ?? true
    }

    /// - Returns: whether that was the last answer to be waited for. Answers that nobody waits for are passed over.
    mutating func take(_ report: NodeReport) -> Bool {
        guard asked[report.question]?.open.removeValue(forKey: report.node.folder) != nil else { return false }
        asked[report.question]?.reports.append(report)
        return isAnswered(report.question)
    }

    func isAnswered(_ id: UInt64) -> Bool {
        asked[id]?.open.isEmpty ?? true
    }

    /// Ends the question.
    mutating func close(_ id: UInt64) -> [NodeReport] {
        asked.removeValue(forKey: id)?.reports ?? []
    }
}
