/// A list of request targets, each ready to be copied into a request line.
struct URLTable: Sendable {
    /// More than this is a mistake in a scenario rather than a test that anyone waits for.
    static let maxCount = 5_000_000

    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    subscript(index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// `source` must be resolved. `name` is for errors.
    init(_ source: URLSource, account: String, name: String) throws {
        switch source {
        case .paths(let paths):
            for path in paths {
                append(path.replacing("{account}", with: account))
            }
        case .template(let template, let lists):
            let parts = try TemplateParts(template, lists: lists, account: account, name: name)
            guard let total = parts.combinations, total <= Self.maxCount else {
                throw LoadTestError(.scenario, "traffic \"\(name)\" has more than \(Self.maxCount) URLs; shorten its lists")
            }
            for combination in 0..<total {
                append(parts.target(combination))
            }
        case .file(let path):
            throw LoadTestError(.scenario, "traffic \"\(name)\": the list \(path) has not been read")
        }
        guard count > 0 else {
            throw LoadTestError(.scenario, "traffic \"\(name)\" has no URLs")
        }
        for index in 0..<count where !Self.isRequestTarget(self[index]) {
            throw LoadTestError(.scenario, """
                traffic "\(name)": "\(String(decoding: self[index], as: UTF8.self))" can't stand in a request line; write \
                a path that begins with / and has no spaces, controls or unencoded non-ASCII characters
                """)
        }
    }

    private mutating func append(_ target: String) {
        bytes.append(contentsOf: target.utf8)
        ends.append(bytes.count)
    }

    private static func isRequestTarget(_ target: ArraySlice<UInt8>) -> Bool {
        target.first == UInt8(ascii: "/") && target.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// A template cut at its places. Combination n names the values by n's digits in the mixed radix of the lists' lengths,
/// the last place turning fastest.
private struct TemplateParts {
    private var texts: [String] = [""]
    private var places: [[String]] = []

    /// Nil when the product overflows.
    var combinations: Int? {
        places.reduce(1 as Int?) { total, values in
            total.flatMap { total in
                let (product, overflow) = total.multipliedReportingOverflow(by: values.count)
                return overflow ? nil : product
            }
        }
    }

    init(_ template: String, lists: [String: ValueList], account: String, name: String) throws {
        var rest = Substring(template.replacing("{account}", with: account))
        var used: Set<String> = []
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw LoadTestError(.scenario, "traffic \"\(name)\": a { of the template has no }")
            }
            let place = String(rest[rest.index(after: open)..<close])
            guard let list = lists[place] else {
                throw LoadTestError(.scenario, "traffic \"\(name)\": the template's {\(place)} has no list of that name")
            }
            // A second {w} would be a second, independent place: squares would become all rectangles.
            guard used.insert(place).inserted else {
                throw LoadTestError(.scenario, "traffic \"\(name)\": {\(place)} stands twice in the template; give each place its own list")
            }
            texts[texts.count - 1] = String(rest[..<open])
            texts.append("")
            places.append(try list.expanded(name: place))
            rest = rest[rest.index(after: close)...]
        }
        texts[texts.count - 1] = String(rest)
        if let unused = lists.keys.sorted().first(where: { !used.contains($0) }) {
            throw LoadTestError(.scenario, "traffic \"\(name)\": the list \"\(unused)\" has no {\(unused)} in the template")
        }
    }

    func target(_ combination: Int) -> String {
        var digits = combination
        var chosen = [Int](repeating: 0, count: places.count)
        for place in places.indices.reversed() {
            chosen[place] = digits % places[place].count
            digits /= places[place].count
        }
        var target = texts[0]
        for place in places.indices {
            target += places[place][chosen[place]]
            target += texts[place + 1]
        }
        return target
    }
}

extension ValueList {
    /// The values of a resolved list.
    fileprivate func expanded(name: String) throws -> [String] {
        switch self {
        case .values(let values):
            guard !values.isEmpty else { throw LoadTestError(.scenario, "the list \"\(name)\" is empty") }
            return values
        case .range(let from, let through, let by):
            guard by > 0, from <= through, (through - from) / by < URLTable.maxCount else {
                throw LoadTestError(.scenario, "the list \"\(name)\" is no range: from \(from) through \(through) by \(by)")
            }
            return stride(from: from, through: through, by: by).map(String.init)
        case .folder, .file, .cluster:
            throw LoadTestError(.scenario, "the list \"\(name)\" has not been read")
        }
    }
}
