import CacheProtocol
import Testing

private let start = BootInstant(nanoseconds: 5_000_000_000)

private func at(_ milliseconds: UInt64) -> BootInstant {
    start.advanced(byMilliseconds: milliseconds)
}

private func revision(_ number: UInt64) -> Revision {
    Revision(rawValue: number)
}

struct LeaseHolderTests {
    @Test func aGrantCountsFromBeforeItWasAskedForAndOnceItsHeadIsApplied() {
        var holder = LeaseHolder()
        holder.receive(Grant(head: revision(3), duration: 1_000), requestedAt: at(0))
        #expect(holder.answersUntil == BootInstant(nanoseconds: 0))
        holder.apply(through: revision(2))
        #expect(holder.answersUntil == BootInstant(nanoseconds: 0))
        holder.apply(through: revision(3))
        #expect(holder.answersUntil == at(1_000))
        holder.surrender()
        #expect(holder.answersUntil == BootInstant(nanoseconds: 0))
    }

    @Test func whatIsDiscardedIsNeverMissed() {
        withSeeds(500) { generator in
            var holder = LeaseHolder()
            var all: [(head: Revision, until: BootInstant)] = []
            var applied = Revision.zero
            for _ in 0..<40 {
                if generator.flag() {
                    let grant = Grant(head: revision(generator.next() % 10), duration: generator.next() % 100)
                    let requestedAt = at(generator.next() % 100)
                    holder.receive(grant, requestedAt: requestedAt)
                    all.append((grant.head, requestedAt.advanced(byMilliseconds: grant.duration)))
                } else {
                    let through = revision(generator.next() % 10)
                    holder.apply(through: through)
                    applied = max(applied, through)
                }
                let expected = all.filter { $0.head <= applied }.map(\.until).max()
                try expectEqual(holder.answersUntil, expected ?? BootInstant(nanoseconds: 0), "answersUntil")
            }
        }
    }

    @Test func theGateClosesAtTheInstantItself() {
        let gate = LeaseGate()
        #expect(!gate.mayAnswer(at: BootInstant(nanoseconds: 0)))
        gate.update { $0.receive(Grant(head: .zero, duration: 10), requestedAt: at(0)) }
        #expect(gate.mayAnswer(at: BootInstant(nanoseconds: at(10).nanoseconds - 1)))
        #expect(!gate.mayAnswer(at: at(10)))
    }
}

struct LeaseLedgerTests {
    /// Keeps every grant, as the rule reads (DESIGN §4, rule 4).
    private struct Model {
        var known: Set<Incarnation> = []
        var grants: [(incarnation: Incarnation, head: Revision, until: BootInstant)] = []
        var acknowledged: [Incarnation: Revision] = [:]

        func awaited(for revision: Revision, at now: BootInstant) -> [Incarnation: BootInstant] {
            var awaited: [Incarnation: BootInstant] = [:]
            for grant in grants where grant.head < revision && grant.until > now {
                guard acknowledged[grant.incarnation] ?? .zero < revision else { continue }
                awaited[grant.incarnation] = max(grant.until, awaited[grant.incarnation] ?? grant.until)
            }
            return awaited
        }

        mutating func drop(_ incarnation: Incarnation) {
            known.remove(incarnation)
            grants.removeAll { $0.incarnation == incarnation }
            acknowledged[incarnation] = nil
        }
    }

    private static let nodes = (1...3).map { NodeIdentity(name: "n\($0)", folder: UInt64($0), role: .edge) }

    @Test func theLedgerAwaitsWhomTheRuleAwaits() {
        withSeeds(500) { generator in
            var ledger = LeaseLedger()
            var model = Model()
            var head: UInt64 = 0
            var now: UInt64 = 0
            for _ in 0..<60 {
                let index = Int(generator.next() % 3)
                let incarnation = Incarnation(rawValue: UInt64(index) + 1)
                switch generator.next() % 6 {
                case 0, 1:
                    let grant = Grant(head: revision(head), duration: generator.next() % 400)
                    let until = at(now + grant.duration + Grant.margin(on: grant.duration))
                    ledger.record(grant, of: Self.nodes[index], incarnation, at: at(now))
                    model.grants.append((incarnation, grant.head, until))
                    model.known.insert(incarnation)
                case 2:
                    let acknowledged = revision(head - min(head, generator.next() % 4))
                    // The ledger takes an acknowledgement only from whom it has given a grant.
                    ledger.acknowledge(acknowledged, by: incarnation)
                    if model.known.contains(incarnation) {
                        model.acknowledged[incarnation] = max(acknowledged, model.acknowledged[incarnation] ?? .zero)
                    }
                case 3: head += 1
                case 4:
                    now += generator.next() % 300
                    guard generator.flag() else { break }
                    ledger.forgetRunOut(at: at(now))
                    for known in model.known
                    where !model.grants.contains(where: { $0.incarnation == known && $0.until > at(now) }) {
                        model.drop(known)
                    }
                default:
                    guard generator.next() % 4 == 0 else { break }
                    ledger.end(incarnation)
                    model.drop(incarnation)
                }
                // A command that has just committed, or is about to: the ledger is never asked about older ones.
                for asked in [head, head + 1] {
                    let expected = model.awaited(for: revision(asked), at: at(now))
                    let found = ledger.awaited(for: revision(asked), at: at(now))
                    for (awaited, until) in expected {
                        guard let found = found.first(where: { $0.incarnation == awaited }) else {
                            throw Mismatch(description: "\(awaited) is not awaited for \(asked) at \(now)")
                        }
                        try expectEqual(found.until, until, "until when \(awaited) is awaited for \(asked)")
                    }
                    try expectEqual(found.count, expected.count, "how many are awaited for \(asked)")
                }
            }
        }
    }
}

struct IncarnationTests {
    @Test func aLaterLifeMaySucceedAnEarlierOneAndNotTheOtherWayRound() {
        let first = Incarnation(life: 1)
        let second = Incarnation(life: 2)
        #expect(first.life == 1 && second.life == 2)
        #expect(second.maySucceed(first))
        #expect(!first.maySucceed(second))
        #expect(Incarnation(life: .max).maySucceed(Incarnation(life: .max)))
        #expect(Incarnation(life: 1) != Incarnation(life: 1))
    }
}

struct BootInstantTests {
    @Test func timeCountsForwardAndNeverWraps() {
        #expect(at(10).milliseconds(since: at(3)) == 7)
        #expect(at(3).milliseconds(since: at(10)) == 0)
        #expect(BootInstant.now() <= BootInstant.now())
        // A duration from the wire may be any number.
        #expect(at(0).advanced(byMilliseconds: .max) > at(1_000_000))
    }
}
