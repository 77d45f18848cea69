public import CacheProtocol

/// How long an answer may be given on one renewal, endpoint by endpoint, as one configuration says: milliseconds.
public struct EndpointLeases: Hashable, Sendable {
    public var bySite: [String: UInt64]
    /// Of any endpoint, those of private files included.
    public var longest: UInt64

    public init(bySite: [String: UInt64], longest: UInt64) {
        self.bySite = bySite
        self.longest = longest
    }
}

/// For how long a command must wait for a node that is cut off: by the configurations that a node may still serve by. Those
/// are the last one that is completed and all that came after it. Pure.
public struct LeaseTerms: Sendable {
    private var inForce: [(revision: Revision, leases: EndpointLeases)]

    /// - Parameter unconfigured: the lease of every endpoint before the first configuration: milliseconds.
    public init(unconfigured: UInt64) {
        inForce = [(.zero, EndpointLeases(bySite: [:], longest: unconfigured))]
    }

    /// A configuration was committed. A later command waits by it too, an earlier one not: whoever serves by it has applied
    /// all that came before.
    public mutating func committed(_ revision: Revision, _ leases: EndpointLeases) {
        guard !inForce.contains(where: { $0.revision == revision }) else { return }
        inForce.append((revision, leases))
        inForce.sort { $0.revision < $1.revision }
    }

    /// No node serves by a configuration of before this one any more.
    public mutating func completed(_ revision: Revision) {
        guard inForce.contains(where: { $0.revision == revision }) else { return }
        inForce.removeAll { $0.revision < revision }
    }

    /// The configurations that a node may still serve by, the oldest first.
    public var revisions: [Revision] { inForce.map(\.revision).filter { $0 > .zero } }

    /// What a grant lasts.
    public var longest: UInt64 {
        inForce.map(\.leases.longest).max() ?? 0
    }

    /// The longest lease of an endpoint through which answers may leave that the command forbids. An endpoint that no
    /// configuration knows is waited for as long as any.
    public func lease(of command: Command) -> UInt64 {
        // A configuration changes what every endpoint answers, and membership concerns them all.
        guard !command.sites.isEmpty, ![.configure, .forget, .declareDead].contains(command.kind) else { return longest }
        return command.sites.map { site in
            inForce.compactMap { $0.revision == .zero ? $0.leases.longest : $0.leases.bySite[site] }.max() ?? longest
        }.max() ?? longest
    }
}
