internal import Synchronization

/// The URL that a request asks for.
struct Pick: Equatable {
    var group: Int
    var url: Int
}

/// Decides what request number n of a run asks for: first the kind, by weight, then the URL, by the kind's order.
final class TrafficMix: Sendable {
    private enum Chooser {
        case zipf(ZipfSampler, urlOfRank: [UInt32])
        case once([UInt32])
        case listed
    }

    private struct Group {
        var table: URLTable
        var chooser: Chooser
        /// The share of all requests that fall to this kind or one before it, in units of 2⁻⁶⁴.
        var upperBound: UInt64
    }

    private final class Cursor: Sendable {
        let next = Atomic<Int>(0)
    }

    // Independent uses of one position in the seeded draws.
    private static let kindStream: UInt64 = 0
    private static let urlStream: UInt64 = 1
    private static let shuffleStream: UInt64 = 2

    private let groups: [Group]
    private let cursors: [Cursor]
    private let draws: SeededDraws

    /// `traffic` must be resolved.
    init(_ traffic: [Traffic], account: String, seed: UInt64) throws {
        guard !traffic.isEmpty else {
            throw LoadTestError(.scenario, "the scenario has no traffic")
        }
        let total = traffic.reduce(0) { $0 + $1.weight }
        guard total > 0, total.isFinite, traffic.allSatisfy({ $0.weight >= 0 }) else {
            throw LoadTestError(.scenario, "weights must not be negative, and at least one must be positive")
        }
        let draws = SeededDraws(seed: seed)
        var sum = 0.0
        groups = try traffic.map { kind in
            let table = try URLTable(kind.urls, account: account, name: kind.name)
            sum += kind.weight
            return Group(
                table: table,
                chooser: try Self.chooser(kind, count: table.count, draws: draws),
                upperBound: sum >= total ? .max : UInt64(sum / total * 0x1p64)
            )
        }
        cursors = traffic.map { _ in Cursor() }
        self.draws = draws
    }

    var urlCount: Int { groups.reduce(0) { $0 + $1.table.count } }

    func urlCount(group: Int) -> Int { groups[group].table.count }

    func target(_ pick: Pick) -> ArraySlice<UInt8> { groups[pick.group].table[pick.url] }

    /// Nil when a kind that asks each URL once has none left.
    ///
    /// Kinds and popular URLs depend on `sequence` and the seed only. `once` and `listed` hand out the seed's order one
    /// by one; which request number gets which of them follows the order of the calls.
    func pick(_ sequence: Int) -> Pick? {
        let kind = groups.count == 1 ? 0 : kindIndex(draws.bits(at: sequence, stream: Self.kindStream))
        switch groups[kind].chooser {
        case .zipf(let sampler, let urlOfRank):
            let rank = sampler.rank(for: draws.bits(at: sequence, stream: Self.urlStream))
            return Pick(group: kind, url: Int(urlOfRank[rank]))
        case .once(let order):
            let place = cursors[kind].next.add(1, ordering: .relaxed).oldValue
            return place < order.count ? Pick(group: kind, url: Int(order[place])) : nil
        case .listed:
            let place = cursors[kind].next.add(1, ordering: .relaxed).oldValue
            return Pick(group: kind, url: place % groups[kind].table.count)
        }
    }

    private func kindIndex(_ bits: UInt64) -> Int {
        groups.firstIndex { bits < $0.upperBound } ?? groups.count - 1
    }

    private static func chooser(_ kind: Traffic, count: Int, draws: SeededDraws) throws -> Chooser {
        switch kind.order {
        case .zipf(let exponent):
            guard exponent >= 0, exponent <= 10 else {
                throw LoadTestError(.scenario, "traffic \"\(kind.name)\": a Zipf exponent lies between 0 (uniform) and 10")
            }
            return .zipf(
                ZipfSampler(count: count, exponent: exponent),
                urlOfRank: draws.permutation(of: count, stream: shuffleStream)
            )
        case .once:
            guard !kind.prime else {
                throw LoadTestError(.scenario, "traffic \"\(kind.name)\" can't be primed and asked once")
            }
            return .once(draws.permutation(of: count, stream: shuffleStream))
        case .listed:
            return .listed
        }
    }
}
