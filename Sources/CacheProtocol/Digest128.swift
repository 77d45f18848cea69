internal import Crypto

/// The first 128 bits of a SHA-256 over length-prefixed parts: nobody can find two inputs that share one.
@frozen
public struct Digest128: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Each part is preceded by its length, so that ("a", "bc") and ("ab", "c") differ.
    public init(hashing parts: String...) {
        self.init(hashing: parts)
    }

    public init(hashing parts: [String]) {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { hash.update(bufferPointer: $0) }
            var part = part
            part.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        let words = hash.finalize().withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    /// SHA-256 is uniform already: one word of it is a hash.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(low)
    }
}

extension Digest128: CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    public var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// What a cache looks up: the digest of everything that can change the bytes of an answer.
@frozen
public struct CacheKey: Hashable, Sendable, CustomStringConvertible {
    public var digest: Digest128

    @inlinable
    public init(_ digest: Digest128) {
        self.digest = digest
    }

    public var description: String { digest.description }
}
