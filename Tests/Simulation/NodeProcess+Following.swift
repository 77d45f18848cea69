import CacheProtocol

/// The turns: a question to the desk, and what comes of its answer. Mirrors `turn` of NodeAgent.
extension NodeProcess {
    func request(joins: Bool = false, wantsGrant: Bool = false, patience: UInt64 = 0) -> FollowRequest {
        FollowRequest(
            node: identity, incarnation: incarnation, joins: joins, journal: disk.journal, applied: disk.applied,
            chain: disk.chain, wantsGrant: wantsGrant, removals: disk.reports, patience: patience)
    }

    func nextTurn() {
        turn += 1
        let number = turn
        let sentAt = host.boot
        let wantsGrant = sentAt >= renewAt
        let patience = wantsGrant || acknowledged < disk.applied ? 0 : min(60_000, renewAt.milliseconds(since: sentAt))
        let question = request(joins: joins, wantsGrant: wantsGrant, patience: patience)
        ask(question, acknowledging: acknowledged) { [self] answer in
            guard turn == number else { return }
            // Only one answer is taken, and no time-out any more.
            turn += 1
            givesUpAt = .max
            guard let answer else { return tryAgain() }
            take(answer, to: question, sentAt: sentAt)
        }
        givesUpAt = world.now + (patience + 1_500) * 1_000_000
    }

    /// One look now and then at whether an answer is overdue, instead of an alarm for each question.
    func watch() {
        later(1_000_000_000) { [self] in
            if world.now > givesUpAt {
                givesUpAt = .max
                turn += 1
                tryAgain()
            }
            watch()
        }
    }

    func tryAgain() {
        later(pause * 1_000_000) { [self] in nextTurn() }
        pause = min(pause * 2, 500)
    }

    func take(_ answer: FollowAnswer, to question: FollowRequest, sentAt: BootInstant) {
        switch answer {
        case .superseded:
            gate.surrender()
            note("is superseded")
            die(losingPower: false)
            simulation.restartLater(host)
        case .startOver(let journal):
            startOver(journal)
        case .news(let news):
            joins = false
            let receivedAt = host.boot
            if simulation.bug == .acknowledgeBeforeApply, let last = news.entries.last {
                var claim = request()
                (claim.applied, claim.chain) = (last.revision, last.chain)
                ask(claim, acknowledging: claim.applied) { _ in }
            }
            // The decoding of the answer.
            step { [self] in
                take(news) { [self] isDone in
                    guard isDone else { return tryAgain() }
                    if let grant = news.grant {
                        let counted = simulation.bug == .countedFromReceipt ? receivedAt : sentAt
                        gate.receive(grant, requestedAt: counted, rules.applied)
                        note("holds a grant of head \(grant.head) for \(grant.duration) ms")
                        let shortest = configuration?.shortestLease ?? grant.duration
                        renewAt = sentAt.advanced(byMilliseconds: min(grant.duration, shortest) / 3)
                    } else {
                        gate.apply(through: rules.applied)
                    }
                    disk.reports.removeAll { question.removals.contains($0) }
                    pause = 50
                    nextTurn()
                }
            }
        }
    }
}
