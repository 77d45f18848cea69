internal import Foundation

/// Sizes of images on the web: lognormal, through the median of 13 kB and as near to the 90th percentile of 78 kB and the 99th
/// of 274 kB as one curve comes (72 and 287 kB).
struct WebSizes: Sendable {
    private static let median = 13_000.0
    /// Least squares of ln(78 / 13) at 1.2816 and ln(274 / 13) at 2.3263 standard deviations.
    private static let deviation = 1.3308
    /// No image is smaller.
    private static let least = 100.0

    let sizes: [Int]
    var total: Int { sizes.reduce(0, +) }

    init(count: Int, seed: UInt64, limit: Int) {
        let draws = SeededDraws(seed: seed)
        sizes = (0..<count).map { number in
            // Box and Muller's transform of two uniform draws.
            let first = (Double(draws.bits(at: number, stream: 8) >> 11) + 1) * 0x1p-53
            let second = Double(draws.bits(at: number, stream: 9) >> 11) * 0x1p-53
            let normal = (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
            return min(Int(max(Self.least, Self.median * exp(Self.deviation * normal))), limit)
        }
    }

    func percentile(_ share: Double) -> Int {
        sizes.sorted()[Int(Double(sizes.count - 1) * share)]
    }
}
