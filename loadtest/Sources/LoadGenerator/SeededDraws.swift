/// Random numbers by position: draw `n` of a seed is the same whatever was drawn before it, on whichever loop.
///
/// That is what makes a run replay with its seed although several event loops take requests in a timing-dependent order.
/// The mixing function is SplitMix64's finaliser (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014).
struct SeededDraws: Sendable {
    private let origin: UInt64

    init(seed: UInt64) {
        // Mixed once, so that neighbouring seeds do not give the same sequence shifted by one.
        origin = Self.mixed(seed)
    }

    /// 64 uniform bits; `stream` tells independent uses of one position apart.
    func bits(at position: Int, stream: UInt64) -> UInt64 {
        let counter = UInt64(truncatingIfNeeded: position) &* 16 &+ stream
        return Self.mixed(origin &+ counter &* 0x9E37_79B9_7F4A_7C15)
    }

    /// Uniform in 0..<count, from the high bits (bias below count / 2⁶⁴). `count` must be positive.
    func index(below count: Int, at position: Int, stream: UInt64) -> Int {
        Int(bits(at: position, stream: stream).multipliedFullWidth(by: UInt64(count)).high)
    }

    /// The numbers 0..<count, each once, in an order that the seed decides (Fisher-Yates).
    func permutation(of count: Int, stream: UInt64) -> [UInt32] {
        var order = [UInt32](0..<UInt32(count))
        var last = count - 1
        while last > 0 {
            order.swapAt(last, index(below: last + 1, at: last, stream: stream))
            last -= 1
        }
        return order
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
