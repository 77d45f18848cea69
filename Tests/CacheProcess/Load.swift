import CacheProtocol
import ObjectCache

/// Stores and look-ups that follow from a seed alone. Step n stores version n of one key, so that any process knows what
/// must lie under a key, and what may: the entity tag states key and version, and they determine the body.
struct Load {
    struct Tally {
        var stored = 0
        var hits = 0
        var misses = 0
        /// Not the bytes that the entity tag asks for.
        var wrong = 0
        /// Hits of a version that had been replaced.
        var old = 0
    }

    private let cache: ObjectCache
    private let settings: Settings
    private(set) var step = 0
    private(set) var tally = Tally()

    init(_ cache: ObjectCache, _ settings: Settings) {
        self.cache = cache
        self.settings = settings
    }

    private struct Choice {
        var key: Int
        var size: Int
        var asked: [Int]
    }

    private func choice(_ step: Int) -> Choice {
        var generator = Generator(settings.seed &* 0x9E37_79B9 &+ UInt64(step))
        func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
        return Choice(
            key: below(settings.keys), size: below(settings.size + 1), asked: [below(settings.keys), below(settings.keys)])
    }

    mutating func take(_ steps: Int) {
        for _ in 0..<steps {
            step += 1
            let choice = choice(step)
            let metadata = metadata(choice.key, version: step)
            if cache.store(key(choice.key), metadata, body: SharedBytes(body(choice.key, step, choice.size))) == .stored {
                tally.stored += 1
            }
            for asked in choice.asked { find(asked, notBefore: 0) }
        }
    }

    /// Looks every key up that was stored through `last`, and goes on from there. In a kill, `more` further steps may have
    /// replaced what lay under their keys, and not have been written themselves.
    mutating func check(through last: Int, butFor more: Int) {
        step = last
        var versions = [Int](repeating: 0, count: settings.keys)
        for step in 0..<last { versions[choice(step + 1).key] = step + 1 }
        for step in last..<(last + more) { versions[choice(step + 1).key] = 0 }
        for (key, version) in versions.enumerated() where version > 0 { find(key, notBefore: version) }
    }

    private mutating func find(_ number: Int, notBefore version: Int) {
        guard case .hit(let object) = cache.lookup(key(number)) else {
            tally.misses += 1
            return
        }
        let parts = object.metadata.entityTag.split(separator: "-").compactMap { Int($0) }
        // A body in a file is read, and compared with its checksum, only now: as a miss if the disk fails.
        guard let bytes = try? object.body.bytes() else {
            tally.misses += 1
            return
        }
        guard parts.count == 2, parts[0] == number, bytes.storage[bytes.range].elementsEqual(body(number, parts[1], bytes.count))
        else {
            tally.wrong += 1
            return
        }
        tally.hits += 1
        if parts[1] < version { tally.old += 1 }
    }

    // MARK: Objects

    private func key(_ number: Int) -> CacheKey {
        var generator = Generator(UInt64(number) &* 7919)
        return CacheKey(Digest128(high: generator.next(), low: generator.next()))
    }

    private func metadata(_ number: Int, version: Int) -> ObjectMetadata {
        ObjectMetadata(
            contentType: "image/webp", entityTag: "\(number)-\(version)", bornAt: 1_700_000_000_000,
            freshness: Freshness(maxAge: 60), fillRevision: .zero,
            scope: ObjectScope(
                sources: [SourceIdentity(storage: "photos", key: "\(number)")], url: Digest128(high: 0, low: UInt64(number)),
                tags: [], site: "demo"))
    }

    private func body(_ number: Int, _ version: Int, _ size: Int) -> [UInt8] {
        var generator = Generator(UInt64(number) << 32 | UInt64(version))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 8)
        while bytes.count < size { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - size)
        return bytes
    }
}

/// SplitMix64.
struct Generator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
