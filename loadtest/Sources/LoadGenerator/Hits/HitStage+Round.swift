extension HitStage {
    /// One server under load once.
    func round(_ server: HitServer, _ proto: HitProtocol, size: Int, seconds: Int) throws -> HitRound {
        let counts = try EdgeCounts.whenQuiet(cluster, stop: stop)
        let pid = pid(of: server)
        let cpu = cpuTime(ofProcess: pid)
        let (url, targets) = (url(of: server, proto), targets(size))
        let load = try proto == .http2
            ? h2load.run(url, targets: targets, seconds: seconds)
            : wrk.run(url, targets: targets, seconds: seconds)
        // What was under way when time was up is answered, or given up, by then.
        try stop.pause(seconds: 0.1)
        let used = cpuTime(ofProcess: pid) - cpu
        // nginx keeps no connection to its upstream.
        let after = try EdgeCounts.afterLoad(cluster, stop: stop)
        let answered = after.since(counts)
        let evidence = HitEvidence(
            server: server, size: size,
            underWay: proto == .http2 ? H2Load.connections * H2Load.streams : plan.connections,
            load: load.result, answers: answered.answers, reasons: answered.reasons)
        return HitRound(
            load.result, serverCPU: used, generatorCPU: load.cpuNanoseconds,
            failures: evidence.failures + (after.leftOver.map { [$0] } ?? []))
    }
}
