import CacheProtocol

/// What operators order.
extension Simulation {
    func submit(_ kind: CommandKind, _ aim: Order.Aim) {
        let inForce = configurationsInForce(database)
        let order = Order(
            number: orders.count, kind, aim, sites: endpoints(of: aim, inForce), resolvedAt: database.head, issuedAt: world.now)
        orders.append(order)
        guard let origin = originProcess else { return world.note("operator", "\(order.words): there is no origin") }
        world.note("operator", order.words)
        origin.later(100_000) { [self] in
            origin.desk.submit(order) { [self] revision in
                world.note("operator", "order \(order.number) is \(revision.map { "revision \($0)" } ?? "of unknown fate")")
                if let revision { orders[order.number].isAcknowledged = true; orders[order.number].revision = revision }
            }
        }
    }

    /// The endpoints through which what the command forbids may leave; none for all.
    private func endpoints(of aim: Order.Aim, _ inForce: [SimulatedConfiguration]) -> [Int] {
        let storages: [Int]
        switch aim {
        case .url(let named, _, _), .source(let named, _), .prefix(let named, _): storages = named
        case .endpoint(let endpoint): return [endpoint]
        case .tag, .all, .configuration, .node: return []
        }
        let considered = bug == .sitesOfTheNewestConfiguration ? Array(inForce.prefix(1)) : inForce
        let reached = considered.flatMap { configuration in storages.flatMap { configuration.reaches($0) } }
        return Array(Set(reached)).sorted()
    }

    func command() {
        var image = world.random.index(below: settings.images)
        if world.random.chance(25) { image = Catalogue.overlay(of: image) }
        let storages = world.random.pick([[0, 1], [0, 1], [1], [0]])
        switch world.random.index(below: 20) {
        case 0...3: submit(purge(), .source(storages: storages, image: image))
        case 4...6: submit(purge(), .url(storages: storages, image: image, recipe: world.random.index(below: Catalogue.recipes)))
        case 7, 8: submit(purge(), .prefix(storages: storages, folder: Catalogue.folder(of: image)))
        case 9...11: submit(purge(), .tag(world.random.index(below: Catalogue.tags.count)))
        case 12: submit(purge(), .endpoint(world.random.index(below: Catalogue.endpoints)))
        case 13: submit(purge(), .all)
        case 14...16 where settings.erases: submit(.erase, .source(storages: [0, 1], image: image))
        case 17, 18: submit(.lift, .source(storages: [0, 1], image: image))
        default: configure()
        }
    }

    private func purge() -> CommandKind { world.random.chance(60) ? .hardPurge : .softPurge }

    func configure() {
        guard let old = configurations.last else { return }
        // What a command means is looked up before it is known which of the two comes first.
        if world.random.chance(30) {
            submit(purge(), .source(storages: [1], image: world.random.index(below: settings.images)))
            let (host, duration) = (anyEdge(), pauseLength())
            world.after(world.random.number(in: 500_000...6_000_000)) { host.isCutOff = true }
            world.after(duration) { host.isCutOff = false }
        }
        var new = old
        new.number = configurations.count
        var (storages, endpoints): ([Int], [Int]) = ([], [])
        switch world.random.index(below: 4) {
        case 0:
            let short = settings.longestLease / 3
            new.leases = (0..<Catalogue.endpoints).map { _ in world.random.pick([short, short, short * 2, short * 3]) }
        case 1: new.definition = 1 - new.definition
        case 2:
            if old.storages[0] == [0, 1] { (new.storages[0], storages) = ([1], [0]) } else { new.storages[0] = [0, 1] }
        default:
            if old.storages[1] != nil { (new.storages[1], endpoints) = (nil, [1]) } else { new.storages[1] = [1] }
        }
        configurations.append(new)
        submit(.configure, .configuration(new, revokedStorages: storages, revokedEndpoints: endpoints))
    }
}
