import CacheProtocol

/// Processes begin and end.
extension Simulation {
    func start(_ host: Host) {
        guard host.process == nil, !host.isGone else { return }
        // The folder's lock is held by a process that has not ended yet.
        if host.folder.owner != nil, bug != .oldIncarnationStillServing { return restartLater(host) }
        let process = host.role == .origin ? OriginProcess(on: host, in: self) : EdgeProcess(on: host, in: self)
        host.process = process
        processes.append(process)
        process.start()
        if host.role == .origin { seedConfiguration() }
    }

    /// The origin's own file is the first configuration: mirrors ConfigurationSeed.
    private func seedConfiguration() {
        guard originProcess != nil, !database.entries.contains(where: { $0.command.kind == .configure }) else { return }
        submit(.configure, .configuration(configurations[0], revokedStorages: [], revokedEndpoints: []))
        world.after(1_000_000_000) { [self] in seedConfiguration() }
    }

    func restartLater(_ host: Host) {
        world.after(world.random.number(in: 5_000_000...400_000_000)) { [self] in start(host) }
    }

    func kill(_ host: Host) {
        guard let process = host.process else { return }
        let losesPower = world.random.chance(40)
        process.note(losesPower ? "loses power" : "is killed")
        process.die(losingPower: losesPower)
        if host.role == .origin, losesPower { database.losePower() }
    }

    func pauseLength() -> UInt64 {
        let lease = settings.longestLease * 1_000_000
        return world.random.chance(50)
            ? world.random.number(in: 1_000_000...500_000_000) : world.random.number(in: lease / 4...lease * 3 / 2)
    }

    func anyEdge() -> Host { hosts[1 + world.random.index(below: settings.edges)] }
}
