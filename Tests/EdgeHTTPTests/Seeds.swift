import Glibc

/// Prints its seed, and takes it again from `VIGNETTE_SEED`.
func seededGenerator(_ function: String = #function) -> SplitMix {
    let given = getenv("VIGNETTE_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 1...UInt64(UInt32.max))
    print("\(function): VIGNETTE_SEED=\(seed)")
    return SplitMix(state: seed)
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
