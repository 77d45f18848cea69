internal import CCurl
internal import Synchronization

typealias TransferID = UInt64

/// The thread that owns the multi handle and all transfers. Others only leave commands for it.
///
/// 1. Every libcurl call but `curl_multi_wakeup` is made on this thread, and every transfer lives on it alone.
/// 2. A transfer that was started is finished exactly once: by libcurl, by a cancellation, or by the stop.
/// 3. Commands are obeyed in the order they were left, so that a cancellation never overtakes its start.
final class TransferLoop: Sendable {
    private enum Command: Sendable {
        case start(TransferID, CurlRequest, TransferReceiver)
        case cancel(TransferID)
        case resume(TransferID)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopped = false
        /// The thread has left and the multi handle is gone.
        var isClosed = false
    }

    private let configuration: CurlConfiguration
    private let multi: MultiHandle
    private let inbox = Mutex(Inbox())
    private let lastID = Atomic<TransferID>(0)

    init(configuration: CurlConfiguration) throws(CurlError) {
        self.configuration = configuration
        self.multi = try MultiHandle(configuration: configuration)
        guard startThread(named: "vignette-curl", { self.run() }) else {
            multi.free()
            throw CurlError(
                code: .failed, host: "",
                message: "The HTTP client's thread could not be started; raise the limit of threads (ulimit -u).")
        }
    }

    func start(_ request: CurlRequest, for receiver: TransferReceiver) -> TransferID {
        let id = lastID.add(1, ordering: .relaxed).newValue
        if !leave(.start(id, request, receiver)) {
            receiver.finish(.failure(.shutDown(request)))
        }
        return id
    }

    func cancel(_ id: TransferID) {
        leave(.cancel(id))
    }

    func resume(_ id: TransferID) {
        leave(.resume(id))
    }

    func stop() {
        inbox.withLock { inbox in
            inbox.isStopped = true
            if !inbox.isClosed {
                multi.wake()
            }
        }
    }

    @discardableResult
    private func leave(_ command: Command) -> Bool {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return false }
            inbox.commands.append(command)
            // A wake-up is kept until the next poll, so the first of several commands wakes for all of them.
            if inbox.commands.count == 1 {
                multi.wake()
            }
            return true
        }
    }

    // MARK: The thread

    private func run() {
        var transfers: [TransferID: Transfer] = [:]
        while let commands = takeCommands() {
            for command in commands {
                obey(command, &transfers)
            }
            multi.perform()
            while let (id, code) = multi.nextFinished() {
                remove(id, from: &transfers)?.finish(code)
            }
            multi.poll()
        }
        for id in transfers.keys {
            remove(id, from: &transfers)?.finish(because: CurlError.shutDown)
        }
        // Those left between the last look into the inbox and the stop.
        let late = inbox.withLock { inbox in
            inbox.isClosed = true
            multi.free()
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for case .start(_, let request, let receiver) in late {
            receiver.finish(.failure(.shutDown(request)))
        }
    }

    private func takeCommands() -> [Command]? {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return nil }
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    private func obey(_ command: Command, _ transfers: inout [TransferID: Transfer]) {
        switch command {
        case .start(let id, let request, let receiver):
            do throws(CurlError) {
                let transfer = try Transfer(id, request, receiver: receiver, configuration: configuration)
                try multi.add(transfer)
                transfers[id] = transfer
            } catch {
                receiver.finish(.failure(error))
            }
        case .cancel(let id):
            remove(id, from: &transfers)?.finish(because: CurlError.cancelled)
        case .resume(let id):
            if let code = transfers[id]?.resume(), code != CURLE_OK {
                remove(id, from: &transfers)?.finish(code)
            }
        }
    }

    private func remove(_ id: TransferID, from transfers: inout [TransferID: Transfer]) -> Transfer? {
        guard let transfer = transfers.removeValue(forKey: id) else { return nil }
        multi.remove(transfer)
        return transfer
    }
}
