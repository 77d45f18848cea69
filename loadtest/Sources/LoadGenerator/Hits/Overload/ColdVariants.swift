/// Variants of one photo that nobody has asked for yet: each is decoded, resized and encoded by a worker.
struct ColdVariants {
    static let name = "photo.png"

    /// Each width with each height; a load takes heights that no other one takes.
    private static let widths = (first: 64, last: 663)
    private static let heights = (first: 64, perLoad: 40)

    private var loads = 0

    /// A photo's place is taken by a smooth picture with a little noise, which an encoder works on as on a photo.
    static func source(width: Int = 1_200, height: Int = 800) -> [UInt8] {
        let draws = SeededDraws(seed: 1)
        var rows: [UInt8] = []
        rows.reserveCapacity(height * (width * 3 + 1))
        for y in 0..<height {
            rows.append(0)
            for x in 0..<width {
                let noise = Int(truncatingIfNeeded: draws.bits(at: y * width + x, stream: 0) & 15)
                for shade in [x * 200 / width, y * 200 / height, (x + y) * 200 / (width + height)] {
                    rows.append(UInt8(clamping: shade + noise))
                }
            }
        }
        return PNGFile.bytes(width: width, height: height, colours: .rgb, rows: rows)
    }

    /// As many as the next load may ask for: 24,000, each once.
    mutating func next() -> Traffic {
        let from = Self.heights.first + loads * Self.heights.perLoad
        loads += 1
        return Traffic(
            name: "cold",
            urls: .template(
                "/{account}/tr:w-{w},h-{h},f-jpg/\(Self.name)",
                lists: [
                    "w": .range(from: Self.widths.first, through: Self.widths.last, by: 1),
                    "h": .range(from: from, through: from + Self.heights.perLoad - 1, by: 1),
                ]),
            order: .once)
    }

    /// Small ones that are asked for again and again.
    static let hot = Traffic(
        name: "hot",
        urls: .template("/{account}/tr:w-48,h-{h},f-jpg/\(name)", lists: ["h": .range(from: 1, through: 63, by: 1)]),
        order: .zipf(exponent: 0))
}
