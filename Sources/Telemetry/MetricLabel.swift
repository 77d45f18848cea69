/// A closed set of values for one label, so that a series is found by an index and never by a name.
///
/// `index` counts from 0 in the order of `allCases`.
public protocol MetricLabel: CaseIterable, Sendable {
    var index: Int { get }
    /// As it stands in the exposition and in log lines: lower case, words joined by `_`.
    var label: String { get }
}

extension MetricLabel where Self: RawRepresentable, RawValue: BinaryInteger {
    @inlinable public var index: Int { Int(rawValue) }
}

/// One counter per value of a label. `counters[.hit].increment()` is an array access.
public struct CounterSet<Label: MetricLabel>: Sendable {
    @usableFromInline let counters: [Counter]

    init(_ counters: [Counter]) {
        self.counters = counters
    }

    @inlinable
    public subscript(label: Label) -> Counter {
        counters[label.index]
    }

    /// Cells for one thread, see ``Counter/cell()``.
    public func cells() -> CounterCellSet<Label> {
        CounterCellSet(counters.map { $0.cell() })
    }
}

/// One thread's share of a ``CounterSet``.
public struct CounterCellSet<Label: MetricLabel>: Sendable {
    @usableFromInline let cells: [CounterCell]

    init(_ cells: [CounterCell]) {
        self.cells = cells
    }

    @inlinable
    public subscript(label: Label) -> CounterCell {
        cells[label.index]
    }
}

/// How a cache took part in an answer (RFC 9211 §2): the label of the request counters and the `cache` field of an access
/// line.
public enum CacheOutcome: UInt8, MetricLabel {
    case hit, miss, stale, bypass, collapsed

    public var label: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .stale: "stale"
        case .bypass: "bypass"
        case .collapsed: "collapsed"
        }
    }
}
