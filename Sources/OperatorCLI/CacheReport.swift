import CacheProtocol
import ObjectCache

/// What `vignette cache inspect` tells, as text and as JSON (sizes in bytes).
struct CacheReport: Encodable {
    struct Segment: Encodable {
        var number, length, allocated, records, liveRecords, liveBytes, deadBytes, unindexedBytes, damagedBytes: Int
    }

    struct Age: Encodable {
        /// Nil for everything older than the class before.
        var atMostSeconds: Int64?
        var records, bytes: Int
    }

    struct Checkpoint: Encodable {
        /// `absent`, `unusable`, `whole`.
        var state: String
        var objects, bytes: Int?
    }

    var folder: String
    var heldBy: Int32?
    var epoch: UInt64?
    var floor: UInt64
    var checkpoint: Checkpoint
    var allocated, records, liveRecords, liveBytes, deadBytes, damagedRecords, damagedBytes: Int
    var foreignSegments: [String]
    var ages: [Age]
    var segments: [Segment]
    /// Not in the JSON: it says so by what it leaves out.
    private let depth: CacheInspection.Depth

    private enum CodingKeys: String, CodingKey {
        case folder, heldBy, epoch, floor, checkpoint, allocated, records, liveRecords, liveBytes, deadBytes
        case damagedRecords, damagedBytes, foreignSegments, ages, segments
    }

    init(_ inspection: CacheInspection) {
        folder = inspection.folder
        heldBy = inspection.holder
        epoch = inspection.epoch
        floor = inspection.floor.rawValue
        checkpoint = switch inspection.checkpoint {
        case .absent: Checkpoint(state: "absent")
        case .unusable: Checkpoint(state: "unusable")
        case .whole(let objects, let bytes): Checkpoint(state: "whole", objects: objects, bytes: bytes)
        }
        (allocated, records) = (inspection.allocated, inspection.records)
        (liveRecords, liveBytes, deadBytes) = (inspection.liveRecords, inspection.liveBytes, inspection.deadBytes)
        (damagedRecords, damagedBytes) = (inspection.damagedRecords, inspection.damagedBytes)
        foreignSegments = inspection.foreignSegments
        ages = inspection.ages.map { Age(atMostSeconds: $0.atMost, records: $0.records, bytes: $0.bytes) }
        segments = inspection.segments.map {
            Segment(
                number: Int($0.number), length: $0.length, allocated: $0.allocated, records: $0.records,
                liveRecords: $0.liveRecords, liveBytes: $0.liveBytes, deadBytes: $0.deadBytes,
                unindexedBytes: $0.unindexedBytes, damagedBytes: $0.damagedBytes)
        }
        depth = inspection.depth
    }

    // MARK: Text

    func lines(segments listed: Bool) -> [String] {
        var lines = ["Cache \(folder)"]
        lines.append("  held by    " + (heldBy.map { "process \($0): figures are of a moment" } ?? "nobody"))
        lines.append("  state      " + stateWords)
        lines.append("  index      " + checkpointWords)
        lines.append("  segments   \(Amount.of(UInt64(segments.count), "file")), \(ByteCount.words(allocated)) allocated")
        lines.append("  live       \(Amount.of(UInt64(liveRecords), "object")), \(ByteCount.words(liveBytes))")
        lines.append("  dead       \(ByteCount.words(deadBytes)), \(share(deadBytes, of: deadBytes + liveBytes))")
        lines.append("  damaged    " + damageWords)
        for path in foreignSegments { lines.append("  not used   \(path): of before the cache was emptied, or damaged at its head") }
        if !ages.isEmpty { lines += ageLines }
        if listed { lines += segmentLines }
        return lines
    }

    private var stateWords: String {
        guard let epoch else { return "missing or damaged: a start begins with an empty cache" }
        let emptied = epoch == 1 ? "never emptied" : "emptied \(Amount.of(epoch - 1, "time"))"
        return emptied + (floor > 0 ? ", nothing filled before revision \(floor) is used" : "")
    }

    private var checkpointWords: String {
        switch checkpoint.state {
        case "whole":
            "\(Amount.of(UInt64(checkpoint.objects ?? 0), "object")) in \(ByteCount.words(checkpoint.bytes ?? 0)); "
                + "a start reads \(ByteCount.words(segments.reduce(0) { $0 + $1.unindexedBytes })) beyond it"
        case "unusable": "damaged or of another version: a start reads every record's head"
        default: "none: a start reads every record's head"
        }
    }

    private var damageWords: String {
        if depth == .index { return "not looked for (--quick)" }
        let scope = depth == .bodies ? "every body compared with its checksum" : "heads only; --verify reads bodies too"
        if damagedRecords == 0 { return "nothing (\(scope))" }
        return "\(Amount.of(UInt64(damagedRecords), "place")), \(ByteCount.words(damagedBytes)) (\(scope)). A look-up that meets "
            + "one is a miss, so nothing wrong is served; look at the disk"
    }

    private var ageLines: [String] {
        let most = max(1, ages.map(\.bytes).max() ?? 1)
        return ["  age of live objects"]
            + ages.map { age in
                let bar = String(repeating: "#", count: (age.bytes * 30 + most - 1) / most)
                return "    " + Self.ageWords(age.atMostSeconds).padded(to: 16) + "\(age.records)".padded(to: -10)
                    + ByteCount.words(age.bytes).padded(to: -11) + (bar.isEmpty ? "" : "  " + bar)
            }
    }

    private static func ageWords(_ seconds: Int64?) -> String {
        switch seconds {
        case 60?: "up to a minute"
        case 3_600?: "up to an hour"
        case 86_400?: "up to a day"
        case let seconds?: "up to \(seconds / 86_400) days"
        case nil: "older"
        }
    }

    private var segmentLines: [String] {
        let widths = [-10, -12, -12, -10, -12, -8, -9]
        func line(_ cells: [String]) -> String {
            "  " + zip(cells, widths).map { $0.padded(to: $1) }.joined()
        }
        return [line(["segment", "length", "allocated", "live", "live size", "dead", "damaged"])]
            + segments.map {
                line([
                    Self.name($0.number), ByteCount.words($0.length),
                    ByteCount.words($0.allocated), "\($0.liveRecords)", ByteCount.words($0.liveBytes),
                    share($0.deadBytes, of: $0.length), "\($0.damagedBytes)",
                ])
            }
    }

    /// As in the file's name.
    private static func name(_ segment: Int) -> String {
        let digits = String(segment, radix: 16)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    private func share(_ part: Int, of whole: Int) -> String {
        "\((part * 1000 / max(1, whole) + 5) / 10) %"
    }
}

extension String {
    /// To the left edge, or with a negative width to the right one.
    fileprivate func padded(to width: Int) -> String {
        let space = String(repeating: " ", count: max(0, abs(width) - count))
        return width < 0 ? space + self : self + space
    }
}
