/// Which origin makes the variants of a source: rendezvous hashing, so that every edge agrees without talking, and an
/// origin that comes or goes moves only its own share of the sources.
public enum OwnerSelection {
    /// All of `origins`, the owner first, then the ones that take over when it is down.
    public static func order(_ origins: [String], for source: SourceIdentity) -> [String] {
        let key = source.digest
        return origins.map { (origin: $0, weight: Digest128(hashing: "owner", $0, key.description)) }
            .sorted { ($0.weight.high, $0.weight.low) > ($1.weight.high, $1.weight.low) }
            .map(\.origin)
    }
}
