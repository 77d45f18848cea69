import CacheProtocol
import Journal

/// What must hold in every history (DESIGN §4, the promise).
///
/// 1. No request that a client sends after a command was reported Completed is answered with bytes that it forbids: bytes
///    that were read from a storage before a purge was ordered; after a soft purge, bytes that nobody has validated since,
///    unless marked stale; any byte of an erased source until it is lifted; anything through what a configuration took away.
///    What is made of two sources is forbidden by what names either of them.
/// 2. An answer is what was asked for.
/// 3. Removed means that no node which counts has a byte of it on its disk, and none sends any.
/// 4. Once faults stop every command is completed, every acknowledged one is in the journal, every node has applied it, and
///    every request is answered again.
extension Simulation {
    func appended(_ order: Order, at revision: Revision) {
        orders[order.number].revision = revision
        lastAppendedAt = world.now
        if order.kind == .erase { erasesToRemove.append(revision) }
    }

    func completed(_ revision: Revision) {
        let number = database.orders[Int(revision.rawValue) - 1]
        guard orders[number].completedAt == nil else { return }
        orders[number].completedAt = world.now
        completedOrders.append(number)
        world.note("desk", "order \(number), revision \(revision), is Completed")
        look(at: orders[number])
    }

    func removed(_ revision: Revision) {
        erasesToRemove.removeAll { $0 == revision }
        let number = database.orders[Int(revision.rawValue) - 1]
        orders[number].removedAt = world.now
        world.note("desk", "what order \(number), revision \(revision), erased is Removed")
        guard let erasure = Erasure(database.entries[Int(revision.rawValue) - 1]) else { return }
        for host in hosts {
            guard let member = database.members[host.folder.identity],
                RemovalTracker.duty(of: member, for: revision) == .destroy
            else { continue }
            for cache in host.folder.caches where cache.records.contains(where: { $0.image.isErased(by: erasure) || $0.image.holds(erased: erasure) }) {
                fail("\(host.name) has bytes on its disk that order \(number) erased, though it was told to be Removed")
            }
        }
    }

    /// A client has got its answer, whole.
    func answered(_ request: ClientRequest, by process: EdgeProcess, status: Int, image: CachedImage?, isStale: Bool) {
        answers += 1
        process.note(
            "answers request \(request.number) for \(request.target): \(status)"
                + (image.map { $0.status == 200 ? " \($0.versions), filled at \($0.fill)\(isStale ? ", stale" : "")" : "" } ?? ""))
        if let image {
            check(request, process, status, image, isStale)
        }
        guard request.isLast else { return }
        if status == 503 || status == 502 {
            // As clients do.
            world.after(300_000_000) { [self] in
                openRequests[request.number] = nil
                self.request(request.target, to: process.host, isLast: true)
            }
        } else {
            openRequests[request.number] = nil
            checkTheLast(request, process, status)
        }
    }

    private func check(_ request: ClientRequest, _ process: EdgeProcess, _ status: Int, _ image: CachedImage, _ isStale: Bool) {
        let target = request.target
        if image.main.image != target.image || image.endpoint != target.endpoint || image.format != target.format
            || (target.recipe != Catalogue.named && image.recipe != target.recipe)
            || !hasItsOverlay(image)
        {
            fail("request \(request.number) for \(target) is answered with r\(image.recipe) of image \(image.main.image)")
        }
        for number in completedOrders {
            let order = orders[number]
            guard let completedAt = order.completedAt, completedAt < request.sentAt else { continue }
            if let broken = order.forbids(image, to: request, status: status, isStale: isStale) {
                return fail("request \(request.number) to \(process.host.name), sent after the Completed of order \(number), \(broken)")
            }
            if order.kind == .configure, let broken = contradicts(order, request, image) {
                return fail("request \(request.number) to \(process.host.name), sent after the Completed of order \(number), \(broken)")
            }
        }
        if status == 200, let reported = database.removals[process.disk.identity]?.first(where: { revision in
            revision <= database.head && Erasure(database.entries[Int(revision.rawValue) - 1]).map { image.isErased(by: $0) || image.holds(erased: $0) } ?? false
        }) {
            fail("request \(request.number) was sent erased bytes after \(process.host.name) had reported the removal of \(reported)")
        }
        if status == 200, let erased = erased(request, image) {
            fail("request \(request.number) to \(process.host.name), sent after the Completed of order \(erased.number), gets erased bytes")
        }
    }

    private func hasItsOverlay(_ image: CachedImage) -> Bool {
        // Without an image its overlay is not looked for.
        guard image.recipe == Catalogue.composite, let overlay = image.overlay else {
            return image.overlay == nil && (image.recipe != Catalogue.composite || image.status == 404)
        }
        return overlay.image == Catalogue.overlay(of: image.main.image)
    }

    /// The erase in force, by now still, on what these bytes were made from.
    private func erased(_ request: ClientRequest, _ image: CachedImage) -> Order? {
        for number in completedOrders {
            let erase = orders[number]
            guard erase.kind == .erase, let completedAt = erase.completedAt, completedAt < request.sentAt, erase.names(image),
                !orders.contains(where: { lift in
                    lift.kind == .lift && lift.aim == erase.aim && lift.revision.map { $0 > erase.revision ?? .zero } ?? true
                })
            else { continue }
            return erase
        }
        return nil
    }

    /// Whether an answer was given by an older configuration than one that is Completed.
    private func contradicts(_ order: Order, _ request: ClientRequest, _ image: CachedImage) -> String? {
        guard case .configuration(let configuration, _, _) = order.aim else { return nil }
        // What came later may be in force already.
        let allowed = [configuration] + orders.compactMap { later in
            guard case .configuration(let configuration, _, _) = later.aim,
                later.revision.map({ $0 > order.revision ?? .zero }) ?? true
            else { return nil }
            return configuration
        }
        if request.target.recipe == Catalogue.named, !allowed.contains(where: { $0.definition == image.recipe }) {
            return "is answered with r\(image.recipe), which the name does not mean any more"
        }
        let isReached = allowed.contains { configuration in
            guard let storages = configuration.storages[image.endpoint] else { return false }
            return [image.main, image.overlay].allSatisfy { part in
                part.map { part in storages.contains { part.places.contains($0) } } ?? true
            }
        }
        return isReached ? nil : "is answered with what came through an endpoint or storage that is gone"
    }

    private func checkTheLast(_ request: ClientRequest, _ process: EdgeProcess, _ status: Int) {
        guard violation == nil, lastAppendedAt < askedAt, let wanted = process.configuration?.read(request.target) else { return }
        let isErased = process.rules.book.tombstone(on: wanted.sources) != nil
        if isErased != (status == 410) {
            fail("\(process.host.name) answers \(request.target) with \(status), though it is \(isErased ? "" : "not ")erased")
        }
        let shouldBeErased = wanted.places.contains { place in
            isToBeErased(wanted.target.image, place) || wanted.overlay.map { isToBeErased($0, place) } ?? false
        }
        if shouldBeErased != isErased { fail("\(process.host.name) has lost or made up a tombstone on \(request.target)") }
    }

    /// By what was ordered.
    private func isToBeErased(_ image: Int, _ place: Int) -> Bool {
        let last = journalOrders(through: database.head).last { order in
            guard case .source(let storages, image) = order.aim, order.kind == .erase || order.kind == .lift else { return false }
            return storages.contains(place)
        }
        return last?.kind == .erase
    }

    func checkTheEnd(isAsked: Bool) {
        for order in orders where order.isAcknowledged && !order.isLost {
            guard let revision = order.revision, revision <= database.head,
                database.orders[Int(revision.rawValue) - 1] == order.number
            else {
                return fail("order \(order.number) was acknowledged and is not in the journal")
            }
        }
        let open = database.entries.filter { !database.completed.contains($0.revision) }.map(\.revision)
        if !open.isEmpty { return fail("never completed: \(open)") }
        for host in hosts {
            guard let process = host.process else { return fail("\(host.name) does not run in the end") }
            if process.disk.applied != database.head || process.disk.chain != database.chain(at: database.head) {
                return fail("\(host.name) has applied \(process.disk.applied) in the end, not \(database.head)")
            }
        }
        if let revision = erasesToRemove.first {
            let outstanding = database.members.values.filter {
                RemovalTracker.duty(of: $0, for: revision) == .destroy
                    && !(database.removals[$0.node.folder]?.contains(revision) ?? false)
            }
            return fail("never removed: what \(erasesToRemove) erased; of \(revision) outstanding: \(outstanding.map(\.node.name).sorted())")
        }
        if !isAsked { return fail("the cluster does not become calm: \(unsettled ?? "")") }
        if !openRequests.isEmpty { fail("\(openRequests.count) requests are not answered in the end") }
    }

    func fail(_ what: String) {
        world.note("checker", "VIOLATION: \(what)")
        violation = violation ?? what
    }
}

extension Order {
    /// In what way an answer to a request that was sent after Completed breaks this command; nil when it does not.
    func forbids(_ image: CachedImage, to request: ClientRequest, status: Int, isStale: Bool) -> String? {
        forbids(image.main, of: image, status: status, isStale: isStale)
            ?? image.overlay.flatMap { forbids($0, of: image, status: status, isStale: isStale).map { "\($0) (its overlay)" } }
    }

    private func forbids(_ part: ImagePart, of image: CachedImage, status: Int, isStale: Bool) -> String? {
        guard names(part, in: image) else { return nil }
        switch kind {
        case .hardPurge, .erase, .configure:
            guard part.readAt < issuedAt else { return nil }
            return "is answered \(status) with what was read \((issuedAt - part.readAt) / 1_000_000) ms before it was ordered"
        case .softPurge:
            guard part.validatedAt < issuedAt, !isStale else { return nil }
            return "is answered \(status) as fresh with what was valid \((issuedAt - part.validatedAt) / 1_000_000) ms before it was ordered"
        case .lift, .forget, .declareDead: return nil
        }
    }
}
