internal import CacheProtocol
internal import Synchronization
public import Telemetry

extension NodeAgent {
    /// Registers where this node stands; read at each scrape.
    public func register(in metrics: MetricsRegistry) {
        metrics.gauge("vignette_applied_revision", help: "The last revision of the journal that this node has applied.") {
            [rules] in Double(rules.applied.rawValue)
        }
        metrics.gauge("vignette_lease_seconds", help: "How long this node may go on answering without a renewal.") {
            [lease] in Double(lease.answersUntil.milliseconds(since: .now())) / 1000
        }
        metrics.gauge("vignette_rules", help: "Scopes that carry a purge or an erase.") { [rules] in
            Double(rules.ruleCount)
        }
        metrics.gauge("vignette_rules_floor", help: "Nothing that was filled before this revision is served.") { [rules] in
            Double(rules.read { $0.floor }.rawValue)
        }
        metrics.gauge("vignette_erasures_outstanding", help: "Erases whose bytes this node has still to destroy.") {
            [self] in Double(store.withLock { $0.erasures.outstanding.count })
        }
    }
}
