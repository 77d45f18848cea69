import CacheProtocol
import Journal

/// The end of a history: no more faults, and then all that is open comes to its end.
extension Simulation {
    func becomeCalm() {
        world.note("world", "the faults end")
        isCalm = true
        storage.failing = 0
        (settings.pausesAtATick, settings.slow, settings.lost, settings.doubled) = (0, 0, 0, 0)
        for host in hosts {
            (host.isCutOff, host.diskFailures, host.isGone) = (false, 0, false)
            if host.process == nil { start(host) }
        }
        forgetLostFolders()
    }

    /// As an operator has to: nobody else knows that they are gone.
    private func forgetLostFolders() {
        guard !lostFolders.isEmpty else { return }
        for folder in foldersToForget { submit(.forget, .node(folder)) }
        // One may join only now: its process was ended with the request under way.
        world.after(1_000_000_000) { [self] in forgetLostFolders() }
    }

    private var foldersToForget: [UInt64] {
        lostFolders.filter { database.members[$0].map { !$0.isExpelled } ?? false }
    }

    var isSettled: Bool { unsettled == nil }

    /// What is still to happen before every command is completed, every erase removed, and every node up to date.
    var unsettled: String? {
        if database.completed.count < database.entries.count { return "commands are open" }
        if let revision = erasesToRemove.first { return "what \(revision) erased is not removed" }
        if case let folders = foldersToForget, !folders.isEmpty { return "folders \(folders) are not forgotten" }
        for host in hosts {
            guard let process = host.process, process.configuration != nil else { return "\(host.name) has no configuration" }
            if process.disk.applied != database.head { return "\(host.name) has applied \(process.disk.applied)" }
        }
        return nil
    }

    /// Once all is calm everybody is served again.
    func askForAll() {
        askedAt = world.now
        for host in hosts.dropFirst() {
            for image in 0..<settings.images {
                request(
                    Target(endpoint: 0, image: image, recipe: world.random.index(below: Catalogue.recipes), format: 0), to: host,
                    isLast: true)
            }
        }
    }
}
