@testable import ObjectCache

/// What is left when the power goes.
extension CrashModel {
    /// Every file that is found afterwards.
    func contents(after policy: CrashPolicy) -> [String: [UInt8]] {
        var generator = SeededGenerator(policy.seed)
        var left = durableNames
        var choices: [String: [Int?]] = [:]
        for change in pendingNames {
            switch policy.names {
            case .all: left[change.name] = change.file
            case .before(let sequence): if change.sequence < sequence { left[change.name] = change.file }
            case .none: break
            case .some: choices[change.name, default: [durableNames[change.name]]].append(change.file)
            }
        }
        for name in choices.keys.sorted() { left[name] = choices[name]?.randomElement(using: &generator) ?? nil }
        var contents: [String: [UInt8]] = [:]
        for name in left.keys.sorted() {
            guard let file = left[name].flatMap({ files[$0] }) else { continue }
            contents[name] = content(file, policy, &generator)
        }
        return contents
    }

    private func content(_ file: File, _ policy: CrashPolicy, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = file.durable
        var lengths = [bytes.count]
        let chance = [1, 5, 9].randomElement(using: &generator) ?? 5
        for (sequence, change) in file.pending {
            switch change {
            case .write(let new, let offset): lengths.append(offset + new.count)
            case .truncate(let length): lengths.append(length)
            case .zero: break
            }
            switch policy.data {
            case .all: Self.keep(change, in: &bytes)
            case .before(let limit): if sequence < limit { Self.keep(change, in: &bytes) }
            case .none: break
            case .some: keepSome(change, policy, chance, in: &bytes, &generator)
            }
        }
        switch policy.lengths {
        case .ofData: break
        case .newest: extend(&bytes, to: file.length, policy, &generator)
        case .any:
            guard let length = lengths.randomElement(using: &generator) else { break }
            if length < bytes.count { Self.resize(&bytes, to: length) }
            extend(&bytes, to: length, policy, &generator)
        }
        return bytes
    }

    /// Whole changes by chance, or the blocks of each by chance.
    private func keepSome(
        _ change: ContentChange, _ policy: CrashPolicy, _ chance: Int, in bytes: inout [UInt8],
        _ generator: inout SeededGenerator
    ) {
        func keeps() -> Bool { Int.random(in: 0..<10, using: &generator) < chance }
        guard let block = policy.block else {
            if keeps() { keep(change, policy, in: &bytes, &generator) }
            return
        }
        switch change {
        case .write(let new, let offset):
            var start = 0
            while start < new.count {
                let end = min(((offset + start) / block + 1) * block - offset, new.count)
                if keeps() { keep(.write(Array(new[start..<end]), at: offset + start), policy, in: &bytes, &generator) }
                start = end
            }
        case .zero(let range):
            for start in stride(from: range.lowerBound, to: range.upperBound, by: block) where keeps() {
                keep(.zero(start..<min(start + block, range.upperBound)), policy, in: &bytes, &generator)
            }
        case .truncate: if keeps() { Self.keep(change, in: &bytes) }
        }
    }

    private func keep(
        _ change: ContentChange, _ policy: CrashPolicy, in bytes: inout [UInt8], _ generator: inout SeededGenerator
    ) {
        if case .write(_, let offset) = change { extend(&bytes, to: offset, policy, &generator) }
        Self.keep(change, in: &bytes)
    }

    /// What was never written shows zeros, or whatever the disk had there.
    private func extend(
        _ bytes: inout [UInt8], to length: Int, _ policy: CrashPolicy, _ generator: inout SeededGenerator
    ) {
        guard length > bytes.count else { return }
        let start = bytes.count
        Self.resize(&bytes, to: length)
        switch policy.unwritten {
        case .zeros: return
        case .noise:
            for place in start..<length { bytes[place] = UInt8(truncatingIfNeeded: generator.next()) }
        case .stale:
            // Blocks of one old file, each where it was: the likeliest to be taken for something.
            guard let old = stale.randomElement(using: &generator) else { return }
            let end = max(start, min(length, old.count))
            for place in start..<end { bytes[place] = old[place] }
            Self.disown(start..<end, in: &bytes)
        }
    }

    /// Blocks that were free before an erase was heard of are beyond its promise (docs/cache-format.md), though a file shows them
    /// again: inside a record of which the head alone has reached the disk nobody looks for them.
    private static func disown(_ range: Range<Int>, in bytes: inout [UInt8]) {
        let mark = Array("crash-mark".utf8)
        var place = range.lowerBound
        while place + mark.count <= range.upperBound {
            if bytes[place..<place + mark.count].elementsEqual(mark) {
                bytes[place + 6] = UInt8(ascii: "M")
                place += mark.count
            } else {
                place += 1
            }
        }
    }
}
