/// The parts that compare the edge with nginx: `cpu`, `syscalls` and `idle`.
extension HitsRun {
    func measureBesideNginx(_ cores: Cores, _ report: inout HitsReport) {
        for tier in EdgeTier.allCases {
            let measured = plan.sizes.sorted().filter { plan.parts.contains(.cpu) && HitsPlan.tier(ofBody: $0) == tier }
            let isCounted = plan.parts.contains(.syscalls) && HitsPlan.tier(ofBody: smallest) == tier
            guard !measured.isEmpty || isCounted else { continue }
            let parts = (measured.isEmpty ? [] : ["cpu"]) + (isCounted ? ["syscalls"] : [])
            report.attempt("\(parts.joined(separator: " and ")), \(tier.rawValue) tier", stop) { report in
                try withStage(tier, cores) { stage in
                    for size in measured {
                        report.attempt("cpu, \(Format.count(size)) bytes", stop) { try compare(size, stage, &$0) }
                    }
                    guard isCounted else { return }
                    report.attempt("syscalls", stop) {
                        try countCalls(stage, isFilled: measured.contains(smallest), &$0)
                    }
                }
            }
        }
        guard plan.parts.contains(.idle) else { return }
        report.attempt("idle", stop) { report in
            // Young processes: what connections of before had needed would be there for these.
            try withStage(HitsPlan.tier(ofBody: smallest), cores) { report.idle = try idle($0) }
        }
    }

    /// What is measured once is measured on these.
    private var smallest: Int { plan.sizes.min() ?? 2 << 10 }

    private func withStage(_ tier: EdgeTier, _ cores: Cores, _ body: (HitStage) throws -> Void) throws {
        try stop.check()
        tell("starting an origin, an edge that answers from its \(tier.rawValue) tier, and nginx")
        let stage = try HitStage(tier, plan, cores: cores, folder: "\(folder)/stage-\(UInt32.random(in: 0 ... .max))", stop: stop)
        do { try body(stage) } catch {
            try? stage.end()
            throw error
        }
        try stage.end()
    }

    private func fill(_ size: Int, _ stage: HitStage) throws {
        tell("filling both caches with \(Format.count(plan.objects)) objects of \(Format.count(size)) bytes")
        try stage.fill(size: size)
        if plan.warmUpSeconds > 0 {
            for server in HitServer.allCases { _ = try stage.round(server, .http1, size: size, seconds: plan.warmUpSeconds) }
        }
    }

    // MARK: Parts

    private func compare(_ size: Int, _ stage: HitStage, _ report: inout HitsReport) throws {
        try fill(size, stage)
        for proto in plan.protocols {
            report.attempt("cpu, \(proto.title), \(Format.count(size)) bytes", stop) { try compare(proto, size, stage, &$0) }
        }
    }

    private func compare(_ proto: HitProtocol, _ size: Int, _ stage: HitStage, _ report: inout HitsReport) throws {
        var rounds: [HitServer: [HitRound]] = [:]
        for number in 0..<plan.rounds {
            tell("\(proto.title), \(Format.count(size)) bytes, round \(number + 1) of \(plan.rounds)")
            // What drifts meanwhile is the first one's as often as the second one's.
            let order = number.isMultiple(of: 2) ? HitServer.allCases : HitServer.allCases.reversed()
            for server in order {
                rounds[server, default: []].append(try stage.round(server, proto, size: size, seconds: plan.seconds))
            }
        }
        let comparison = HitComparison(proto, size: size, edge: rounds[.edge] ?? [], nginx: rounds[.nginx] ?? [])
        report.cpu = (report.cpu ?? []) + [comparison]
        report.failures += comparison.failures.map { "\(proto.title), \(Format.count(size)) bytes, \($0)" }
    }

    private func countCalls(_ stage: HitStage, isFilled: Bool, _ report: inout HitsReport) throws {
        guard let counter = try SystemCallCounter.available(folder: folder, stop: stop) else {
            report.warnings.append(
                """
                system calls were not counted: neither perf (with raw_syscalls:sys_enter) nor strace can be used here. \
                loadtest/hits gets strace
                """)
            return
        }
        if !isFilled { try fill(smallest, stage) }
        var counted: [HitServer: HitsReport.SystemCalls.PerHit] = [:]
        for server in HitServer.allCases {
            tell("system calls of \(server.rawValue), by \(counter.rawValue)")
            var hits = 0
            let counts = try counter.count(stage.pid(of: server), folder: folder, stop: stop) {
                let round = try stage.round(server, .http1, size: smallest, seconds: plan.seconds)
                report.failures += round.failures.map { "system calls of \(server.rawValue): \($0)" }
                hits = round.requests
            }
            func perHit(_ count: Int) -> Double { (Double(count) / Double(max(hits, 1)) * 1e4).rounded() / 1e4 }
            counted[server] = HitsReport.SystemCalls.PerHit(
                hits: hits, all: perHit(counts[""] ?? 0),
                // What is rarer has nothing to do with hits.
                byName: counts.filter { !$0.key.isEmpty }.mapValues(perHit).filter { $0.value >= 0.001 })
        }
        guard let edge = counted[.edge], let nginx = counted[.nginx] else { return }
        report.systemCalls = HitsReport.SystemCalls(counter: counter.rawValue, size: smallest, edge: edge, nginx: nginx)
    }

    private func idle(_ stage: HitStage) throws -> HitsReport.Idle {
        try fill(smallest, stage)
        var memory: [HitServer: HitsReport.Idle.Memory] = [:]
        for server in HitServer.allCases {
            tell("\(Format.count(plan.idleConnections)) idle connections to \(server.rawValue)")
            let before = ProcessTable.residentBytes(of: stage.pid(of: server))
            let connections = try IdleConnections(
                plan.idleConnections, to: stage.endpoint(of: server), target: stage.targets(smallest) + "0",
                size: smallest,
                stop: stop)
            try stop.pause(seconds: Double(plan.idleSeconds))
            let after = ProcessTable.residentBytes(of: stage.pid(of: server))
            let open = connections.stillOpen
            guard open == plan.idleConnections else {
                throw LoadTestError(
                    .noAnswer,
                    "\(server.rawValue) closed \(Format.count(plan.idleConnections - open)) idle connections")
            }
            connections.close()
            memory[server] = HitsReport.Idle.Memory(
                residentBytesBefore: before, residentBytes: after,
                bytesPerConnection: (Double(after - before) / Double(plan.idleConnections)).rounded())
        }
        guard let edge = memory[.edge], let nginx = memory[.nginx] else {
            throw LoadTestError(.noAnswer, "no server was measured")
        }
        return HitsReport.Idle(connections: plan.idleConnections, edge: edge, nginx: nginx)
    }
}
