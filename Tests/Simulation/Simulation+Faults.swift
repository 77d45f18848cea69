import CacheProtocol

/// What goes wrong.
extension Simulation {
    func fault(_ fault: SimulationSettings.Fault) {
        let host = anyEdge()
        let duration = pauseLength()
        switch fault {
        case .killEdge:
            kill(host)
            restartLater(host)
        case .killEdgeOften:
            // A process that falls again at once: its join may still be on its way when the next one joins.
            for time in 0..<3 as Range<UInt64> {
                world.after(time * 30_000_000) { [self] in
                    kill(host)
                    start(host)
                }
            }
        case .killOrigin:
            kill(originHost)
            restartLater(originHost)
        case .lingerOn: linger(host)
        case .cutOff:
            world.note(host.name, "is cut off for \(duration / 1_000_000) ms")
            host.isCutOff = true
            world.after(duration) { [self] in
                world.note(host.name, "is reached again")
                host.isCutOff = false
            }
        case .pause: host.process?.stop(for: duration)
        case .pauseOrigin: originHost.process?.stop(for: min(duration, 2_000_000_000))
        case .disk: fail(host, for: duration)
        case .originDisk: fail(originHost, for: min(duration, 2_000_000_000))
        case .storageFails:
            storage.failing = 60
            world.after(duration) { [self] in storage.failing = 0 }
        case .restore: restore()
        case .clone: clone(host)
        case .wallClock: setClock(world.random.chance(20) ? originHost : host)
        case .fold: originProcess?.desk.fold()
        case .evict: for host in hosts { host.process?.caches.forEach { $0.evict() } }
        case .leaveForGood: leaveForGood(host)
        case .forget:
            if world.random.chance(50) { host.isCutOff = true; world.after(duration) { host.isCutOff = false } }
            submit(.forget, .node(host.folder.identity))
        case .change: storage.change()
        }
    }

    private func fail(_ host: Host, for duration: UInt64) {
        world.note(host.name, "has a failing disk")
        host.diskFailures = world.random.pick([30, 100])
        world.after(duration) { host.diskFailures = 0 }
    }

    private func setClock(_ host: Host) {
        let error = Int64(world.random.number(in: 0...7_200_000_000_000)) - 3_600_000_000_000
        world.note(host.name, "has its wall clock set by \(error / 1_000_000) ms")
        host.clock.wallError = error
    }

    /// The process is replaced, but goes on answering for a moment.
    private func linger(_ host: Host) {
        guard let process = host.process as? EdgeProcess else { return }
        process.note("is replaced, and lingers on")
        process.isLingering = true
        host.process = nil
        host.lingering = process
        world.after(world.random.number(in: 100_000_000...3_000_000_000)) {
            process.note("is gone now")
            process.die(losingPower: false)
            host.lingering = nil
        }
        world.after(50_000_000) { [self] in start(host) }
    }

    private func restore() {
        guard let backup else {
            world.note("operator", "makes a backup of the journal at \(database.head)")
            return backup = database
        }
        kill(originHost)
        world.note("operator", "restores the journal of \(backup.head)")
        database = backup
        self.backup = world.random.chance(50) ? backup : nil
        let kept = Set(database.orders)
        for index in orders.indices where !kept.contains(index) { orders[index].isLost = true }
        completedOrders.removeAll { orders[$0].isLost }
        for (place, number) in database.orders.enumerated() {
            orders[number].revision = Revision(rawValue: UInt64(place + 1))
        }
        erasesToRemove.removeAll { $0 > database.head }
        restartLater(originHost)
        guard world.random.chance(40) else { return }
        // Operators start things twice.
        world.after(world.random.number(in: 500_000_000...3_000_000_000)) { [self] in
            kill(originHost)
            restartLater(originHost)
        }
    }

    /// The disk of one edge is copied to the machine of another.
    private func clone(_ host: Host) {
        let other = anyEdge()
        guard other !== host else { return }
        kill(other)
        other.lingering?.die(losingPower: false)
        lostFolders.append(other.folder.identity)
        let identity = bug == .cloneKeepsItsIdentity ? host.folder.identity : newFolder()
        other.folder = host.folder.copy(identity: identity)
        if identity != host.folder.identity { other.folder.life = 0 }
        world.note(other.name, "has got a copy of the data folder of \(host.name)")
        restartLater(other)
    }

    private func leaveForGood(_ host: Host) {
        guard !host.isGone, host.lingering == nil else { return }
        kill(host)
        host.isGone = true
        world.note("operator", "declares \(host.name) dead")
        submit(.declareDead, .node(host.folder.identity))
    }
}
