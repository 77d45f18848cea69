import Glibc
import ImageURL
import Synchronization

/// Targets that were read lately and what they mean, so that a hit need not take its URL apart anew (DESIGN §3: a fifth of a
/// hit's cost). Belongs to one configuration and goes with it, so nothing in it can be of an older one.
///
/// 1. What `find` gives is what reading the same bytes for the same formats gave, but for the clock: whoever keeps what has an
///    end must look at it again.
/// 2. It holds about `capacity` targets at most, none longer than `longestTarget`. Each has one place, by its hash under a key that
///    nobody knows, and the next one of that place takes it: who floods the memory makes it useless, not slow.
final class TargetMemory<Value: AnyObject & Sendable>: Sendable {
    private struct Entry {
        let hash: UInt64
        let accept: AcceptClass
        let target: [UInt8]
        let value: Value
    }

    /// A lock for a part of the places: loops rarely meet.
    private final class Part: Sendable {
        let entries: Mutex<[Entry?]>

        init(_ count: Int) { entries = Mutex(Array(repeating: nil, count: count)) }
    }

    static var longestTarget: Int { 512 }
    private static var partCount: Int { 64 }

    private let parts: [Part]
    private let perPart: Int
    private let key: (UInt64, UInt64) = (.random(in: .min ... .max), .random(in: .min ... .max) | 1)

    init(capacity: Int) {
        perPart = max(1, capacity / Self.partCount)
        let count = perPart
        parts = (0..<Self.partCount).map { _ in Part(count) }
    }

    func find(_ target: Span<UInt8>, _ accept: AcceptClass) -> Value? {
        guard target.count <= Self.longestTarget else { return nil }
        let hash = hash(target, accept)
        return parts[part(hash)].entries.withLock { entries in
            guard let entry = entries[place(hash)], entry.hash == hash, entry.accept == accept, Self.equal(entry.target, target)
            else { return nil }
            return entry.value
        }
    }

    func keep(_ value: Value, _ target: Span<UInt8>, _ accept: AcceptClass) {
        guard target.count <= Self.longestTarget else { return }
        let hash = hash(target, accept)
        let entry = Entry(hash: hash, accept: accept, target: target.withUnsafeBufferPointer { Array($0) }, value: value)
        parts[part(hash)].entries.withLock { $0[place(hash)] = entry }
    }

    private func part(_ hash: UInt64) -> Int { Int(hash >> 58) }

    private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash & 0xFFFF_FFFF) % perPart }

    private static func equal(_ kept: [UInt8], _ target: Span<UInt8>) -> Bool {
        guard kept.count == target.count else { return false }
        return kept.withUnsafeBytes { kept in
            target.withUnsafeBytes { target in
                // Both are of this length, and none is there where it is 0.
                guard let kept = kept.baseAddress, let wanted = target.baseAddress else { return true }
                return memcmp(kept, wanted, target.count) == 0
            }
        }
    }

    /// Eight bytes at a time, each mixed by a multiplication of which both halves count.
    private func hash(_ target: Span<UInt8>, _ accept: AcceptClass) -> UInt64 {
        func mixed(_ state: UInt64, _ word: UInt64) -> UInt64 {
            let product = (state ^ word).multipliedFullWidth(by: key.1)
            return product.high ^ product.low
        }
        return target.withUnsafeBytes { bytes in
            var state = mixed(key.0, UInt64(bytes.count) << 8 | UInt64(accept.rawValue))
            var place = 0
            while place + 8 <= bytes.count {
                state = mixed(state, bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                place += 8
            }
            var rest: UInt64 = 0
            while place < bytes.count {
                rest = rest << 8 | UInt64(bytes[place])
                place += 1
            }
            return mixed(mixed(state, rest), key.0)
        }
    }
}
