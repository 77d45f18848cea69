@testable import LoadGenerator
import Testing

@Suite struct ProofRecordTests {
    private let record = ProofRecord(HistoryChecker(sources: 1, variants: 1, untouched: []))

    private func add(version: Int, sent: UInt64) {
        record.add(
            [ClientAnswer(
                edge: 0, source: 0, variant: 0, status: 200, isHit: true, version: version, digest: UInt64(version), sent: sent,
                received: monotonicNow())],
            unanswered: 0)
    }

    private func purge(version: Int) {
        record.complete(record.issue(.purge, .source(0), versions: [0: version]))
    }

    @Test func anAnswerIsJudgedByWhatWasCompletedWhenItWasSent() {
        let early = monotonicNow()
        purge(version: 1)
        add(version: 0, sent: early)
        add(version: 1, sent: monotonicNow())
        record.judge()
        #expect(record.violations == 0)
        add(version: 0, sent: monotonicNow())
        record.judge()
        #expect(record.violations == 1)
        #expect(record.findings.firstViolations.first?.hasPrefix("old bytes: edge-1 source 0") == true)
    }

    /// A request that lay in the socket of a stopped process is received when it wakes.
    @Test func aRequestSentToAStoppedEdgeIsBoundByWhatWasCompletedUntilItWakes() {
        record.paused(0)
        let sent = monotonicNow()
        purge(version: 1)
        record.resumed(0)
        add(version: 0, sent: sent)
        record.judge()
        #expect(record.violations == 1)
    }
}
