public import CacheProtocol
internal import Logging
internal import Synchronization

extension NodeAgent {
    /// Destroys what was erased, as long as the node runs, and tells the origins. Whatever was outstanding at a crash is
    /// done first.
    func destroyErased(_ hooks: NodeAgentHooks) async {
        erasureBell.ring()
        for await _ in erasureBell.rings {
            var pause = configuration.firstPause
            while !Task.isCancelled, case let due = dueErasures, !due.isEmpty {
                do {
                    let reports = try await hooks.destroy(due)
                    // An answer that names none of them would be asked for again for ever.
                    if reports.isEmpty { break }
                    try await onDisk { (files) throws(NodeAgentError) in try files.erasures.destroyed(reports) }
                    pause = configuration.firstPause
                } catch {
                    if Task.isCancelled { return }
                    log.error("erased images can't be destroyed yet; it is tried again", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .milliseconds(pause))
                    pause = min(pause * 2, configuration.lastPause * 20)
                }
            }
            sweeps.request(hooks.sweep)
            while await tellRemovals() {}
        }
    }

    /// Only what the rules refuse already may be destroyed: before, an answer could still be built from it.
    var dueErasures: [Erasure] {
        let applied = acknowledgedRevision
        return store.withLock { files in files.erasures.outstanding.filter { $0.revision <= applied } }
    }

    /// What a former life has left: the caches are opened with it.
    public var outstandingErasures: [Erasure] { store.withLock { $0.erasures.outstanding } }

    /// In a request of its own, beside the one that is held open. If it fails, the reports go with the next of the others.
    /// - Returns: whether there may be more.
    private func tellRemovals() async -> Bool {
        let request = request()
        guard !request.removals.isEmpty, request.journal != nil, case .news? = try? await link.follow(request) else {
            return false
        }
        do { try await onDisk { (files) throws(NodeAgentError) in try files.erasures.told(request.removals) } } catch {
            return false
        }
        return !Task.isCancelled
    }

    func answer(_ question: NodeQuestion, _ hooks: NodeAgentHooks) {
        Task {
            var report = NodeReport(question: question.id, node: identity, records: [])
            do { report.records = try await hooks.records(question.sources) } catch { report.failure = "\(error)" }
            do { try await link.report(report) } catch {
                log.warning("a question of the operator could not be answered", metadata: ["error": "\(error)"])
            }
        }
    }
}
