import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: UInt64) -> Bool {
        next() % 100 < percent
    }

    mutating func number(in range: ClosedRange<UInt64>) -> UInt64 {
        .random(in: range, using: &self)
    }
}

/// The seed to replay, from `VIGNETTE_SEED`.
let replayedSeed = getenv("VIGNETTE_SEED").flatMap { UInt64(String(cString: $0)) }

/// How many histories, from `VIGNETTE_SEEDS` where it is set.
func seedCount(_ usual: Int) -> Int {
    getenv("VIGNETTE_SEEDS").flatMap { Int(String(cString: $0)) } ?? usual
}
