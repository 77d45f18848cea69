@testable import LoadGenerator
import Testing

/// The checker is what the crash and partition proofs rest on, so it must find what it is there to find. Instants are
/// milliseconds here.
@Suite struct HistoryCheckerTests {
    private static let untouched = 2
    private var checker = HistoryChecker(sources: 3, variants: 2, untouched: [untouched])

    private func answer(
        _ source: Int, variant: Int = 0, version: Int?, status: Int = 200, isHit: Bool = true, digest: UInt64? = nil,
        sent: UInt64, received: UInt64? = nil
    ) -> ClientAnswer {
        ClientAnswer(
            edge: 0, source: source, variant: variant, status: status, isHit: isHit, version: version,
            digest: digest ?? UInt64(version ?? 0), sent: sent * 1_000_000, received: (received ?? sent + 1) * 1_000_000)
    }

    private mutating func issue(_ kind: ProofCommandKind, _ scope: ProofScope, versions: [Int: Int], at instant: UInt64) -> Int {
        checker.issue(kind, scope, versions: versions, at: instant * 1_000_000)
    }

    private mutating func complete(_ command: Int, at instant: UInt64) {
        checker.complete(command, at: instant * 1_000_000)
    }

    private mutating func kind(_ answer: ClientAnswer) -> Violation.Kind? { checker.judge(answer)?.kind }

    @Test mutating func oldBytesAfterAPurgeOfTheirSource() {
        let purge = issue(.purge, .source(0), versions: [0: 5], at: 10)
        complete(purge, at: 20)
        #expect(kind(answer(0, version: 4, sent: 21)) == .oldBytes)
        #expect(kind(answer(0, variant: 1, version: 0, sent: 30)) == .oldBytes)
        #expect(kind(answer(0, version: 5, sent: 30)) == nil)
        #expect(kind(answer(0, version: 6, sent: 30)) == nil)
        #expect(kind(answer(1, version: 0, sent: 30)) == nil, "another source")
        #expect(kind(answer(0, version: 4, sent: 19, received: 40)) == nil, "sent before Completed was seen")
    }

    @Test mutating func aPurgeThatDidNotCompleteForbidsNothing() {
        _ = issue(.purge, .source(0), versions: [0: 5], at: 10)
        #expect(kind(answer(0, version: 4, sent: 30)) == nil)
    }

    @Test mutating func aPurgeOfAURLForbidsThatVariantOnly() {
        let purge = issue(.purge, .url(source: 0, variant: 1), versions: [0: 5], at: 10)
        complete(purge, at: 20)
        #expect(kind(answer(0, variant: 1, version: 4, sent: 21)) == .oldBytes)
        #expect(kind(answer(0, variant: 0, version: 4, sent: 21)) == nil)
    }

    @Test mutating func anOlderPurgeThatCompletesLateLowersNothing() {
        let first = issue(.purge, .all, versions: [0: 3, 1: 1, 2: 0], at: 10)
        let second = issue(.purge, .source(0), versions: [0: 5], at: 11)
        complete(second, at: 20)
        complete(first, at: 30)
        #expect(kind(answer(0, version: 4, sent: 31)) == .oldBytes)
        #expect(kind(answer(1, version: 0, sent: 31)) == .oldBytes)
    }

    @Test mutating func bytesOfAnErasedSourceUntilItsLiftIsIssued() {
        let erase = issue(.erase, .source(0), versions: [0: 5], at: 10)
        #expect(kind(answer(0, version: 5, sent: 15)) == nil, "not Completed yet")
        complete(erase, at: 20)
        #expect(kind(answer(0, version: 6, sent: 21)) == .erasedBytes)
        #expect(kind(answer(0, version: nil, status: 410, sent: 21)) == nil)
        #expect(kind(answer(1, version: nil, status: 410, sent: 21)) == .goneWithoutErase)
        let lift = issue(.lift, .source(0), versions: [0: 5], at: 30)
        #expect(kind(answer(0, version: 5, sent: 29, received: 31)) == nil)
        #expect(kind(answer(0, version: nil, status: 410, sent: 31)) == nil)
        complete(lift, at: 40)
        #expect(kind(answer(0, version: nil, status: 410, sent: 41)) == .goneWithoutErase)
        #expect(kind(answer(0, version: 4, sent: 41)) == .oldBytes, "the erase's purge stays")
        #expect(kind(answer(0, version: 5, sent: 41)) == nil)
    }

    @Test mutating func anEraseWithoutAnAnswerExplainsA410() {
        _ = issue(.erase, .source(0), versions: [0: 5], at: 10)
        #expect(kind(answer(0, version: nil, status: 410, sent: 900)) == nil)
        #expect(kind(answer(0, version: 5, sent: 900)) == nil)
    }

    @Test mutating func bytesThatAreNoPictureOrDiffer() {
        #expect(kind(answer(0, version: nil, sent: 1)) == .corruptBytes)
        #expect(kind(answer(0, version: 1, digest: 7, sent: 2)) == nil)
        #expect(kind(answer(0, version: 1, digest: 8, sent: 3)) == .corruptBytes)
    }

    @Test mutating func statusesThatNoFaultExplains() {
        #expect(kind(answer(0, version: nil, status: 404, sent: 1)) == .unexplainedStatus)
        #expect(kind(answer(0, version: nil, status: 500, sent: 1)) == .unexplainedStatus)
        #expect(kind(answer(0, version: nil, status: 503, sent: 1)) == nil)
    }

    @Test mutating func anUntouchedObjectThatIsNoHitAnyMore() {
        #expect(kind(answer(2, version: 0, isHit: false, sent: 1)) == nil, "never seen before")
        #expect(kind(answer(2, version: 0, sent: 10)) == nil)
        #expect(kind(answer(2, version: 0, isHit: false, sent: 2_000)) == nil, "may not have reached the disk")
        #expect(kind(answer(2, version: 0, sent: 4_000)) == nil)
        #expect(checker.keptHits == 1)
        #expect(kind(answer(2, version: 0, isHit: false, sent: 5_000)) == .lostObject)
        let all = issue(.purge, .all, versions: [2: 0], at: 6_000)
        #expect(kind(answer(2, version: 0, isHit: false, sent: 6_001)) == nil, "a purge of everything")
        complete(all, at: 6_010)
        #expect(kind(answer(2, version: 0, isHit: false, sent: 6_020)) == nil)
        #expect(kind(answer(2, version: 0, sent: 6_030)) == nil)
        #expect(kind(answer(2, version: 0, isHit: false, sent: 10_000)) == .lostObject)
    }
}

@Suite struct VersionedPictureTests {
    @Test(arguments: [0, 1, 63, 64, 5_000]) func theSizeTellsTheVersion(_ version: Int) {
        let image = VersionedPicture.png(version: version, seed: 3)
        #expect(VersionedPicture.version(of: image) == version)
        #expect(VersionedPicture.version(of: Array(image.dropLast())) == nil, "half a picture is none")
    }

    @Test func otherBytesAreNoVersion() {
        #expect(VersionedPicture.version(of: []) == nil)
        #expect(VersionedPicture.version(of: Array("{\"message\": \"gone\"}".utf8)) == nil)
    }
}
