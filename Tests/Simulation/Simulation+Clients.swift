/// What clients ask for.
extension Simulation {
    func anyTarget() -> Target {
        Target(
            endpoint: world.random.chance(70) ? 0 : 1, image: world.random.index(below: settings.images),
            recipe: world.random.index(below: Catalogue.recipes + 1), format: world.random.index(below: Catalogue.formats))
    }

    func request(_ target: Target, to host: Host, copies: Int = 1, isLast: Bool = false) {
        for _ in 0..<copies {
            lastRequest += 1
            let request = ClientRequest(number: lastRequest, target: target, sentAt: world.now, isLast: isLast)
            if isLast {
                openRequests[request.number] = request
                // Clients give up and ask again.
                world.after(6_000_000_000) { [self] in
                    if openRequests.removeValue(forKey: request.number) != nil { self.request(target, to: host, isLast: true) }
                }
            }
            world.after(world.random.number(in: 10_000...300_000)) {
                let process = host.lingering ?? host.process as? EdgeProcess
                if let process, process.isAlive { process.receive(request) }
            }
        }
    }

    /// Asks for what a command is about, as an operator does who looks whether it has worked.
    func look(at order: Order) {
        guard !isCalm else { return }
        var target = anyTarget()
        switch order.aim {
        case .url(_, let image, let recipe): (target.image, target.recipe) = (image, recipe)
        case .source(_, let image): target.image = image
        case .endpoint(let endpoint): target.endpoint = endpoint
        default: break
        }
        // Or for what has it as its overlay.
        let composed = (0..<settings.images).first { Catalogue.overlay(of: $0) == target.image }
        if let composed, world.random.chance(30) { (target.image, target.recipe) = (composed, Catalogue.composite) }
        for host in hosts.dropFirst() {
            let delay = world.random.chance(60) ? 1 : world.random.number(in: 1...settings.longestLease * 1_000_000)
            world.after(delay) { [self] in
                target.format = world.random.index(below: Catalogue.formats)
                request(target, to: host)
            }
        }
    }
}
