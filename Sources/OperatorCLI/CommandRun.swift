import Foundation

/// Sends one command and, where asked to, waits until it is completed, or until the bytes of an erase are removed.
struct CommandRun {
    /// What is waited for.
    enum Mark {
        case completed
        case removed
    }

    let api: OperatorAPI
    let console: Console
    var asJSON = false
    var mark = Mark.completed
    /// Nil: return as soon as the command is accepted.
    var timeout: Duration?
    /// How long one question may be held open by the server. Below the minute at which others on the way give up.
    var poll = 30
    /// Between two questions while the API is away.
    var pause = Duration.milliseconds(200)

    /// - Parameter order: orders the command; nil where the API takes it as it is.
    func run(_ command: ClusterCommand, order: (() async throws -> UInt64)? = nil) async throws -> Outcome {
        let start = ContinuousClock.now
        let revision = if let order { try await order() } else { try await api.post(command) }
        guard let timeout else {
            tellAccepted(command, revision)
            return .done
        }
        let deadline = start.advanced(by: timeout)
        guard let progress = try await wait(for: revision, until: deadline) else {
            let what = mark == .completed ? "completed" : "removed everywhere"
            console.notice(
                "\(command.inWords) is revision \(revision) and is not \(what) within \(timeout.inWords). It goes on: "
                    + "`vignette status \(revision)` tells how far it is."
            )
            return .timedOut
        }
        tellReached(command, progress, after: ContinuousClock.now - start)
        return .done
    }

    /// - Returns: Nil when the deadline came first.
    private func wait(
        for revision: UInt64, until deadline: ContinuousClock.Instant
    ) async throws -> CommandProgress? {
        var told = ""
        while true {
            let asked = ContinuousClock.now
            guard asked < deadline else { return nil }
            // The first question is short, so that the operator soon learns who is waited for.
            let left = Int((deadline - asked).components.seconds)
            do {
                let progress = try await api.progress(
                    of: revision, waitSeconds: told.isEmpty ? 1 : max(1, min(poll, left)), removed: mark == .removed)
                if isReached(progress) { return progress }
                told = tell(waitingFor: progress, told)
            } catch {
                // The command is in the journal: an origin that restarts carries it on.
                guard error.kind == .unreachable else { throw error }
                told = tell(error.description, told)
            }
            if ContinuousClock.now - asked < pause { try await Task.sleep(for: pause) }
        }
    }

    private func isReached(_ progress: CommandProgress) -> Bool {
        guard progress.status == .completed else { return false }
        // A lift or a purge removes nothing, and is never waited for so.
        return mark == .completed || progress.removal.map { $0.status == .removed } ?? true
    }

    private func tell(waitingFor progress: CommandProgress, _ told: String) -> String {
        let waiting = progress.nodes.filter { $0.state == "waiting" }
        guard !waiting.isEmpty else {
            let removing = (progress.removal?.nodes ?? []).filter { $0.state == "pending" }.map(\.name)
            guard progress.status == .completed, !removing.isEmpty else { return tell("Waiting for the journal …", told) }
            return tell("Completed. Waiting for \(removing.joined(separator: ", ")) to destroy the bytes …", told)
        }
        let atMost = waiting.compactMap(\.atMostMilliseconds).max().map { " (at most \(Duration.milliseconds($0).inWords))" }
        let names = waiting.map(\.name).joined(separator: ", ")
        guard !told.hasPrefix("Waiting for \(names)") else { return told }
        return tell("Waiting for \(names)\(atMost ?? "") …", told)
    }

    private func tell(_ notice: String, _ told: String) -> String {
        if notice != told { console.notice(notice) }
        return notice
    }

    private func tellAccepted(_ command: ClusterCommand, _ revision: UInt64) {
        if asJSON {
            console.output(JSONText.of(CommandReport(command, revision: revision)))
        } else {
            console.output(
                "\(command.inWords): accepted as revision \(revision). `vignette status \(revision)` tells when it is completed."
            )
        }
    }

    private func tellReached(_ command: ClusterCommand, _ progress: CommandProgress, after time: Duration) {
        if asJSON {
            console.output(JSONText.of(CommandReport(command, progress, after: time)))
            return
        }
        let what = mark == .completed ? "completed" : "completed and removed"
        console.output("\(command.inWords): revision \(progress.revision), \(what) in \(time.inWords).")
        for line in progress.nodeLines { console.output(line) }
    }
}
