/// Reasons to distrust a result, in sentences.
enum Warnings {
    /// Later than this at its 99th percentile, the generator's own lateness shows in the latencies.
    static let lagLimitMilliseconds = 1.0
    /// Busier than this, a loop queues requests and answers of its own.
    static let busyLimit = 0.9

    static func about(_ result: LoadResult, _ plan: PhasePlan) -> [String] {
        var warnings: [String] = []
        if let lag = result.scheduleLag, lag.p99 > lagLimitMilliseconds {
            warnings.append("""
                the generator was late: one request in a hundred was sent \(Format.milliseconds(lag.p99)) after its time or \
                later still (worst \(Format.milliseconds(lag.max))). Latencies count that, so they are upper bounds. Its busiest \
                loop was on the CPU for \(Format.percent(result.generator.busiestLoop)) of the time: much below 100 % says \
                that other processes took the cores; near it, lower the rate or use more loops.
                """)
        }
        if result.generator.busiestLoop > busyLimit {
            warnings.append("""
                the generator was the bottleneck: a loop was on the CPU for \(Format.percent(result.generator.busiestLoop)) \
                of the time. Throughput and latencies are the generator's as much as the servers'; use more loops, or more cores.
                """)
        }
        if case .open(let rate, let maxConnections) = plan.load {
            if result.connections.waited > result.requests.sent / 100, result.requests.sent >= 100 {
                warnings.append("""
                    \(Format.count(result.connections.waited)) requests waited for one of the \(maxConnections) connections \
                    or for a new one; their latencies count the wait.
                    """)
            }
            if result.throughput.requestsPerSecond < rate * 0.98, result.requests.sent >= 100 {
                warnings.append("""
                    \(Format.rate(result.throughput.requestsPerSecond)) answers came back for \(Format.rate(rate)) asked: the \
                    servers did not keep up, or answers failed.
                    """)
            }
        }
        if plan.stopRequested {
            warnings.append("""
                the run was stopped early; \(Format.count(result.connections.dropped)) requests that still waited for a \
                connection are in no figure.
                """)
        }
        if plan.ranOutOfURLs {
            warnings.append("every URL that is asked once had been asked after \(Format.seconds(result.measuredSeconds)): the run ended there")
        }
        let isAllCold = result.scenario.traffic.allSatisfy { $0.order == .once }
        let hits = (result.cacheStatus["hit"] ?? 0) + (result.cacheStatus["hit-stale"] ?? 0)
        if isAllCold, hits > 0 {
            warnings.append("""
                \(Format.count(hits)) answers were cache hits although each URL was asked once: an earlier run had filled the \
                caches. Purge first (vignette purge --all --wait).
                """)
        }
        if let priming = result.priming, priming.status.keys.contains(where: { $0 != "200" }) || !priming.errors.isEmpty {
            warnings.append("priming did not get a 200 for every URL: \(Format.counts(priming.status.merging(priming.errors) { $0 + $1 }))")
        }
        return warnings
    }
}
