internal import CacheProtocol
internal import ObjectCache

/// Objects for a cache: everything about one follows from its number.
struct CacheSubjects: Sendable {
    private let draws: SeededDraws
    private let buffer: [UInt8]

    /// - Parameter longest: body.
    init(seed: UInt64, longest: Int) {
        draws = SeededDraws(seed: seed)
        buffer = (0..<longest).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) }
    }

    func key(_ number: Int) -> CacheKey {
        CacheKey(Digest128(high: draws.bits(at: number, stream: 0), low: draws.bits(at: number, stream: 1)))
    }

    /// As an edge would have it.
    func metadata(_ number: Int) -> ObjectMetadata {
        ObjectMetadata(
            contentType: "image/webp", entityTag: "\"\(number)\"", bornAt: 1_700_000_000_000,
            freshness: Freshness(maxAge: 31_536_000), fillRevision: .zero,
            scope: ObjectScope(
                sources: [SourceIdentity(storage: "photos", key: "\(number).jpg")],
                url: Digest128(high: draws.bits(at: number, stream: 2), low: UInt64(number)), site: "demo"))
    }

    func body(_ size: Int) -> SharedBytes { SharedBytes(Array(buffer[..<size])) }

    static func rules() -> RuleBook { RuleBook(RuleTable(journal: .random())) }
}
