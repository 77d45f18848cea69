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
        #expect(holder.answersUntil() == BootInstant(nanoseconds: 0))
        holder.apply(through: revision(2))
        #expect(holder.answersUntil() == BootInstant(nanoseconds: 0))
        holder.apply(through: revision(3))
        #expect(holder.answersUntil() == at(1_000))
        holder.surrender()
        #expect(holder.answersUntil() == BootInstant(nanoseconds: 0))
    }

    /// What the node counts for itself never goes beyond what the journal's side waits for, at any lease: the rule by which
    /// everything stands, over grants that come in any order.
    @Test func aHolderNeverOutlastsItsGrantsAndLosesNone() {
        withSeeds(500) { generator in
            var holder = LeaseHolder()
            var all: [(grant: Grant, requestedAt: BootInstant)] = []
            var applied = Revision.zero
            for step in 0..<40 {
                if generator.flag() {
                    let grant = Grant(head: revision(generator.next() % 10), duration: generator.next() % 100)
                    // Requests are sent one after another; their answers may name any head.
                    let requestedAt = at(UInt64(step) * 5)
                    holder.receive(grant, requestedAt: requestedAt)
                    all.append((grant, requestedAt))
                } else {
                    let through = revision(generator.next() % 10)
                    holder.apply(through: through)
                    applied = max(applied, through)
                }
                let usable = all.filter { $0.grant.head <= applied }
                for lease in [5, 50, UInt64.max] {
                    let found = holder.answersUntil(lease: lease)
                    let longest = usable.map { $0.requestedAt.advanced(byMilliseconds: min(lease, $0.grant.duration)) }.max()
                    if found > longest ?? BootInstant(nanoseconds: 0) {
                        throw Mismatch(description: "answers until \(found), longer than any grant: \(String(describing: longest))")
                    }
                    let latest = usable.max { $0.requestedAt < $1.requestedAt }
                    let expected = latest.map { $0.requestedAt.advanced(byMilliseconds: min(lease, $0.grant.duration)) }
                    try expectEqual(found, expected ?? BootInstant(nanoseconds: 0), "answersUntil(\(lease))")
                }
            }
        }
    }

    @Test func anEndpointWithAShorterLeaseEndsEarlier() {
        let gate = LeaseGate()
        gate.update { $0.receive(Grant(head: .zero, duration: 600), requestedAt: at(0)) }
        #expect(gate.mayAnswer(at: at(9), lease: 10))
        #expect(!gate.mayAnswer(at: at(10), lease: 10))
        #expect(gate.mayAnswer(at: at(599), lease: 600))
        #expect(!gate.mayAnswer(at: at(600), lease: 1_000))
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
        var grants: [(incarnation: Incarnation, grant: Grant, seen: BootInstant)] = []
        var acknowledged: [Incarnation: Revision] = [:]

        func awaited(for revision: Revision, lease: UInt64, at now: BootInstant) -> [Incarnation: BootInstant] {
            var awaited: [Incarnation: BootInstant] = [:]
            for (incarnation, grant, seen) in grants where grant.head < revision {
                guard acknowledged[incarnation] ?? .zero < revision else { continue }
                let used = min(lease, grant.duration)
                let until = seen.advanced(byMilliseconds: used + Grant.margin(on: used))
                if until > now { awaited[incarnation] = max(until, awaited[incarnation] ?? until) }
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
                    ledger.record(grant, of: Self.nodes[index], incarnation, at: at(now))
                    model.grants.append((incarnation, grant, at(now)))
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
                    where !model.grants.contains(where: { $0.incarnation == known && $0.grant.hasRunOut(after: $0.seen, lease: .max) > at(now) }) {
                        model.drop(known)
                    }
                default:
                    guard generator.next() % 4 == 0 else { break }
                    ledger.end(incarnation)
                    model.drop(incarnation)
                }
                // A command that has just committed, or is about to: the ledger is never asked about older ones.
                for (asked, lease) in [(head, .max), (head + 1, .max), (head, 50), (head + 1, 200)] as [(UInt64, UInt64)] {
                    let expected = model.awaited(for: revision(asked), lease: lease, at: at(now))
                    let found = ledger.awaited(for: revision(asked), lease: lease, at: at(now))
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
