/// Measures how a hit's cost and latency grow with loops, connections and objects.
struct ScaleRun {
    private let plan: ScalePlan
    private let site: RunSite

    init(_ site: RunSite) {
        (plan, self.site) = (site.plan.scale, site)
    }

    /// Each figure by itself: what breaks off leaves the others.
    func run(_ report: inout HitsReport) throws {
        let pictures = try TinyPictureServer()
        defer { pictures.stop() }
        report.scale = ScaleReport()
        let all = plan.idleConnections + plan.busy.connections + 1_000
        try PictureStage.with(
            edges: 2, sources: pictures.url, environment: ["VIGNETTE_LISTEN_CONNECTIONS": "\(all)"], site
        ) { stage in
            report.attempt("scale, loops", site.stop) { $0.scale?.loops = try loops(stage) }
            report.attempt("scale, connections", site.stop) { $0.scale?.crowd = try crowd(stage) }
        }
        report.attempt("scale, objects", site.stop) { $0.scale?.objects = try objects(pictures) }
    }

    private static func pictures(_ count: Int) -> Traffic {
        Traffic(
            name: "pictures",
            urls: .template("/{account}/scale/{n}.png", lists: ["n": .range(from: 0, through: count - 1, by: 1)]),
            // Uniform: what a cache of so many objects holds is touched as widely as can be.
            order: .zipf(exponent: 0))
    }

    // MARK: Loops

    /// Both edges may use both cores, and share one with the generator: a second loop is of no use to an edge that must
    /// not use a second core.
    private func loops(_ stage: PictureStage) throws -> ScaleReport.Loops {
        _ = stage.cluster.kill("edge-2")
        try stage.cluster.start("edge-2", environment: ["VIGNETTE_LISTEN_LOOPS": "2"])
        let traffic = Self.pictures(plan.hotObjects)
        let edges = ["edge-1", "edge-2"]
        for edge in edges {
            try Cores.pin(stage.pid(of: edge), to: site.cores.server, site.cores.generator)
            try stage.fill(edge, with: traffic)
            _ = try cost(of: edge, traffic, stage, seed: 0)
        }
        let rounds = try inTurn(edges) { number, edge in
            site.tell("scale: \(edge == "edge-1" ? "one loop" : "two loops"), round \(number + 1) of \(plan.rounds)")
            return try cost(of: edge, traffic, stage, seed: UInt64(number + 1))
        }
        return ScaleReport.Loops(one: rounds[0], two: rounds[1])
    }

    private func cost(of edge: String, _ traffic: Traffic, _ stage: PictureStage, seed: UInt64) throws -> CostRound {
        try stage.cost(of: edge, plan.hits, traffic, seconds: plan.seconds, seed: seed, stop: site.stop)
    }

    /// What drifts meanwhile is the first one's as often as the last one's.
    /// - Returns: of each subject, its rounds.
    private func inTurn(_ subjects: [String], _ measure: (Int, String) throws -> CostRound) rethrows -> [[CostRound]] {
        var rounds = subjects.map { _ in [CostRound]() }
        for number in 0..<plan.rounds {
            let order = number.isMultiple(of: 2) ? Array(subjects.indices) : subjects.indices.reversed()
            for place in order { rounds[place].append(try measure(number, subjects[place])) }
        }
        return rounds
    }

    // MARK: Connections

    /// An edge with one loop, on a core of its own.
    private func crowd(_ stage: PictureStage) throws -> ScaleReport.Crowd {
        let edge = "edge-1"
        let (pid, endpoint) = (try stage.pid(of: edge), try stage.endpoint(of: edge))
        try Cores.pin(pid, to: site.cores.server)
        try IdleConnections.allowDescriptors(plan.idleConnections + plan.busy.connections + 1_000)
        let before = ProcessTable.residentBytes(of: pid)
        func busy() throws -> (SteadyFigures, resident: Int) {
            let load = try plan.busy.load(
                Self.pictures(plan.hotObjects), of: endpoint, account: stage.cluster.account, seconds: plan.busySeconds,
                warmUp: 1)
            let watch = ResidentWatch(pid)
            let result = Result { try LoadsTogether.run([load], stop: site.stop)[0] }
            let peak = watch.end()
            return (SteadyFigures(try result.get()), peak)
        }
        site.tell("scale: \(Format.count(plan.busy.connections)) busy connections")
        let alone = try busy()
        site.tell("scale: the same beside \(Format.count(plan.idleConnections)) idle connections")
        let target = "/\(stage.cluster.account)/scale/0.png"
        let size = try WholeAnswer(target, of: endpoint).body.count
        let idle = try IdleConnections(
            plan.idleConnections, to: endpoint, target: target, size: size, stop: site.stop)
        let crowded = try busy()
        let open = idle.stillOpen
        guard open == plan.idleConnections else {
            throw LoadTestError(
                .noAnswer, "the edge closed \(Format.count(plan.idleConnections - open)) idle connections")
        }
        idle.close()
        return ScaleReport.Crowd(
            alone: alone.0, crowded: crowded.0,
            residentBytes: .init(before: before, busy: alone.resident, all: crowded.resident))
    }

    // MARK: Objects

    /// The bytes of memory that an object may take in the tier; pictures have about 2 kB.
    private static let memoryPerObject = 8 << 10

    private func objects(_ pictures: TinyPictureServer) throws -> [ScaleReport.Objects] {
        let memory = max(256 << 20, (plan.objects.last ?? 0) * Self.memoryPerObject)
        return try PictureStage.with(
            edges: plan.objects.count, sources: pictures.url,
            environment: ["VIGNETTE_CACHE_MEMORY_BYTES": "\(memory)"], site
        ) { stage in
            let edges = plan.objects.indices.map { "edge-\($0 + 1)" }
            let filled = try zip(edges, plan.objects).map { edge, count in
                site.tell("scale: filling \(edge) with \(Format.count(count)) objects")
                try Cores.pin(stage.pid(of: edge), to: site.cores.server)
                let rate = try stage.fill(edge, with: Self.pictures(count))
                try stage.awaitWritten(edge)
                // Every object is asked for again: what a first hit does once is done.
                try stage.fill(edge, with: Self.pictures(count))
                return rate
            }
            let rounds = try inTurn(edges) { number, edge in
                site.tell("scale: objects of \(edge), round \(number + 1) of \(plan.rounds)")
                guard let place = edges.firstIndex(of: edge) else { throw LoadTestError(.cluster, "there is no \(edge)") }
                return try cost(of: edge, Self.pictures(plan.objects[place]), stage, seed: UInt64(number + 1))
            }
            return try edges.indices.map { place in
                ScaleReport.Objects(
                    count: plan.objects[place], rounds: rounds[place],
                    memoryTierBytes: Int(stage.cluster.metric("vignette_cache_memory_bytes", of: edges[place]) ?? 0),
                    residentBytes: ProcessTable.residentBytes(of: try stage.pid(of: edges[place])),
                    filledPerSecond: filled[place].rounded(),
                    ratio: CostRound.ratio(rounds[place], to: rounds[0], goal: nil))
            }
        }
    }
}
