/// A source picture whose PNG, as the cluster makes it, has exactly so many bytes.
///
/// A picture passes through a decoder and an encoder on its way, so its size can't be had by padding the source. Grey
/// noise of 6 bits followed by black is encoded into about 6 bits for each sample of noise and next to nothing for the
/// rest: one more sample of noise is one byte more, or none, and a search finds the number that fits.
enum SizedPicture {
    private static let bitsPerSample = 6.0
    private static let tries = 200

    /// - Parameter length: of the picture that the cluster makes of a source.
    static func source(for size: Int, length: ([UInt8]) throws -> Int) throws -> [UInt8] {
        let samples = Double(size) * 8 / bitsPerSample
        let side = Int((samples * 1.1).squareRoot()) + 8
        var noise = Int(samples)
        var seed: UInt64 = 1
        var seen: Set<Int> = []
        for _ in 0..<tries {
            noise = min(max(noise, 0), side * side)
            let source = picture(side: side, noise: noise, seed: seed)
            let difference = size - (try length(source))
            if difference == 0 { return source }
            // Seen before: this noise jumps over the size. Another one does not.
            if !seen.insert(noise).inserted { (seed, seen) = (seed + 1, []) }
            let step = (Double(difference) * 8 / bitsPerSample).rounded()
            noise += step == 0 ? difference.signum() : Int(step)
        }
        throw LoadTestError(.cluster, "no picture of exactly \(Format.count(size)) bytes was found in \(tries) tries")
    }

    private static func picture(side: Int, noise: Int, seed: UInt64) -> [UInt8] {
        let draws = SeededDraws(seed: seed)
        var rows: [UInt8] = []
        rows.reserveCapacity(side * (side + 1))
        for y in 0..<side {
            rows.append(0)
            for x in 0..<side {
                let place = y * side + x
                rows.append(place < noise ? UInt8(truncatingIfNeeded: draws.bits(at: place, stream: 0) & 63) : 0)
            }
        }
        return PNGFile.bytes(width: side, height: side, colours: .grey, rows: rows)
    }
}
