internal import Foundation

/// Zipf's law over ranks 0..<count: rank k is drawn with a probability proportional to 1 / (k + 1)^exponent.
/// Exponent 0 is the uniform distribution.
///
/// Vose's alias method ("A linear algorithm for generating random numbers with a given distribution", IEEE TSE 1991):
/// one multiplication and one comparison per draw, however long the list is.
struct ZipfSampler: Sendable {
    /// Below the threshold a column answers with itself, from it on with its alias.
    private var thresholds: [UInt64]
    private var aliases: [UInt32]

    var count: Int { thresholds.count }

    /// `count` must be positive and fit 32 bits; `exponent` must be finite and not negative.
    init(count: Int, exponent: Double) {
        var shares = (0..<count).map { pow(Double($0 + 1), -exponent) }
        let scale = Double(count) / shares.reduce(0, +)
        for rank in shares.indices {
            shares[rank] *= scale
        }
        thresholds = Array(repeating: .max, count: count)
        aliases = Array(0..<UInt32(count))
        var poor = shares.indices.filter { shares[$0] < 1 }
        var rich = shares.indices.filter { shares[$0] >= 1 }
        while let receiver = poor.popLast(), let giver = rich.popLast() {
            thresholds[receiver] = UInt64(shares[receiver] * 0x1p64)
            aliases[receiver] = UInt32(giver)
            shares[giver] -= 1 - shares[receiver]
            if shares[giver] < 1 {
                poor.append(giver)
            } else {
                rich.append(giver)
            }
        }
        // What is left over differs from 1 by rounding only, and keeps its full column.
    }

    /// The rank for 64 uniform bits: the product's high half picks the column, its low half the place in it.
    func rank(for bits: UInt64) -> Int {
        let place = bits.multipliedFullWidth(by: UInt64(thresholds.count))
        let column = Int(place.high)
        return place.low < thresholds[column] ? column : Int(aliases[column])
    }
}
