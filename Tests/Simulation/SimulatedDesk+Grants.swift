import CacheProtocol
import Journal

/// Leases. Mirrors the grants of CommandDesk+Follow.
extension SimulatedDesk {
    func grant(_ request: FollowRequest, _ arrivedAt: BootInstant, _ reply: @escaping Reply) {
        let duration = terms.longest
        let isLate = bug == .grantNotSerialisedWithAppend
        if !isLate { expect(Grant(head: knownHead, duration: duration), request, at: arrivedAt) }
        process.step { [self] in
            if process.host.diskFails() { return reply(nil) }
            guard let member = database.members[request.node.folder], member.incarnation == request.incarnation,
                !member.hasLeft
            else {
                // The journal grants this incarnation nothing any more: nor is it to be waited for.
                end(request.incarnation)
                return reply(.superseded)
            }
            let grant = Grant(head: database.head, duration: duration)
            database.lastSerial += 1
            database.grants.append(
                JournalDatabase.StoredGrant(
                    serial: database.lastSerial, node: request.node, incarnation: request.incarnation, grant: grant))
            process.disk.grantsGiven = database.lastSerial
            seenGrants[database.lastSerial] = grant.hasRunOut(after: now.boot, lease: .max)
            process.step { [self] in
                if isLate { expect(grant, request, at: now.boot) }
                guard isCurrent(request) else { return reply(.superseded) }
                if grant.head > knownHead { catchUp() }
                dropGrants()
                answer(request, grant, reply)
            }
        }
    }

    private func expect(_ grant: Grant, _ request: FollowRequest, at instant: BootInstant) {
        var grant = grant
        if bug == .waitWithoutMargin {
            // What is left when the margin is added again is the duration itself.
            grant.duration = (grant.duration - 100) * 100 / 101
        }
        tracker.expect(grant, for: request.node, request.incarnation, at: instant)
    }

    /// Rows that have run out.
    private func dropGrants() {
        let now = now.boot
        guard database.grants.count > 16 else { return }
        database.grants.removeAll { stored in seenGrants[stored.serial].map { $0 <= now } ?? false }
    }
}
