internal import Glibc
internal import ImageURL
internal import Synchronization
internal import WorkerProtocol

/// Owns the workers and performs what ``PoolMachine`` decides. Sleeps in `poll` until a caller posts, a worker answers or
/// dies, or a deadline comes. Everything in it is made, used and ended on one thread.
final class PoolThread {
    private let configuration: WorkerPoolConfiguration
    private let observer: WorkerPoolObserver
    private let inbox: PoolInbox
    private var machine: PoolMachine
    private var processes: [WorkerProcess?]
    /// Of those that we ended: why.
    private var whyKilled: [Int: String] = [:]
    private var jobs: [UInt64: PendingJob] = [:]
    /// The answer that the machine is being told of: taken by the `deliver` it decides on.
    private var answer: Result<TransformedImage, TransformError> = .failure(.cancelled)
    private var startWaiters: [CheckedContinuation<Result<Void, WorkerPoolError>, Never>] = []
    private var hasStarted = false
    private var isStopping = false

    init(_ configuration: WorkerPoolConfiguration, _ observer: WorkerPoolObserver, _ inbox: PoolInbox) {
        self.configuration = configuration
        self.observer = observer
        self.inbox = inbox
        machine = PoolMachine(
            workers: configuration.workers, waitingJobs: configuration.waitingJobs,
            waitingBytes: configuration.waitingBytes, startTimeout: configuration.startTimeout, now: .now)
        processes = Array(repeating: nil, count: configuration.workers)
    }

    /// Returns when the pool has been stopped and no process is left.
    func run() {
        while !isStopping {
            perform(machine.timePassed(now: .now))
            settleStart()
            publish()
            let ready = waitForEvents()
            for message in inbox.take() {
                handle(message)
            }
            for worker in ready {
                receive(from: worker)
            }
        }
        for message in inbox.close() {
            handle(message)
        }
        for worker in processes.indices {
            reap(worker)
        }
        failStart("the pool was stopped while it started")
        publish()
    }

    // MARK: Events

    private func handle(_ message: PoolInbox.Message) {
        switch message {
        case .submit(let job):
            jobs[job.number] = job
            perform(machine.submit(.init(number: job.number, bytes: job.source.count, deadline: job.deadline)))
        case .cancel(let number):
            guard jobs[number] != nil else { return }
            perform(machine.cancel(number))
        case .started(let continuation):
            startWaiters.append(continuation)
        case .stop:
            isStopping = true
            perform(machine.stop())
        }
    }

    /// Indices of the workers whose socket has something to say.
    private func waitForEvents() -> [Int] {
        let running = processes.indices.filter { processes[$0] != nil }
        var descriptors = [pollfd(fd: inbox.wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        for worker in running {
            descriptors.append(pollfd(fd: processes[worker]?.socket.descriptor ?? -1, events: Int16(POLLIN), revents: 0))
        }
        // An interrupted or failed wait is a turn in which nothing was ready.
        guard poll(&descriptors, nfds_t(descriptors.count), millisecondsToWait()) > 0 else { return [] }
        return zip(running, descriptors.dropFirst()).filter { $1.revents != 0 }.map { $0.0 }
    }

    private func millisecondsToWait() -> Int32 {
        guard let next = machine.nextDeadline else { return -1 }
        let (seconds, attoseconds) = (next - .now).components
        // One more than the whole milliseconds, so as not to wake just before it is time.
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }

    private func receive(from worker: Int) {
        guard let process = processes[worker] else { return }
        do throws(WorkerSocket.ReceiveError) {
            switch try process.socket.receive(waiting: false) {
            case .nothing: break
            case .end: reap(worker)
            case .frame(let frame, let memory): handle(frame, memory, from: worker)
            }
        } catch {
            switch error {
            case .frame(let error): end(worker, because: error.description)
            case .system(let error):
                observer.problem("\(error)")
                reap(worker)
            }
        }
    }

    private func handle(_ frame: Frame, _ memory: SealedMemory?, from worker: Int) {
        switch (frame, memory) {
        case (.ready, _):
            perform(machine.ready(worker: worker))
        case (.failed(let job, let failure), _):
            answer = .failure(TransformError(failure))
            perform(machine.answered(worker: worker, job: job))
        case (.done(let result), let memory?):
            do throws(FrameError) {
                answer = .success(try TransformedImage(result, memory))
                perform(machine.answered(worker: worker, job: result.job))
            } catch {
                end(worker, because: error.description)
            }
        case (.job, _), (.done, nil):
            end(worker, because: "it sent what only the origin sends")
        }
    }

    /// It broke the protocol.
    private func end(_ worker: Int, because reason: String) {
        whyKilled[worker] = "was ended: \(reason)"
        perform(machine.misbehaved(worker: worker, reason))
    }

    private func reap(_ worker: Int) {
        guard let process = processes[worker] else { return }
        processes[worker] = nil
        let whyKilled = whyKilled.removeValue(forKey: worker)
        let reason = process.reap()
        observer.workerEnded(process.id, reason)
        if !hasStarted {
            let why = whyKilled ?? "ended before it was ready (\(reason)); what it said went to standard error"
            failStart("\(configuration.executable) \(why)")
        }
        perform(machine.ended(worker: worker, reason: reason, now: .now))
    }

    // MARK: Actions

    private func perform(_ actions: [PoolMachine.Action]) {
        for action in actions {
            switch action {
            case .start(let worker): start(worker)
            case .send(let job, let worker): send(job, to: worker)
            case .kill(let worker):
                guard let process = processes[worker] else { continue }
                process.kill()
                // Or it has misbehaved.
                if whyKilled[worker] == nil {
                    whyKilled[worker] = "was not ready within \(configuration.startTimeout) and was ended; is the machine overloaded?"
                }
            case .fail(let job, let error): finish(job, .failure(error))
            case .deliver(let job):
                finish(job, answer)
                answer = .failure(.cancelled)
            }
        }
    }

    private func start(_ worker: Int) {
        guard !isStopping else { return }
        do {
            let process = try WorkerProcess.start(configuration)
            processes[worker] = process
            observer.workerStarted(process.id)
        } catch {
            observer.problem("\(error)")
            failStart("\(error)")
            perform(machine.ended(worker: worker, reason: "\(error)", now: .now))
        }
    }

    private func send(_ number: UInt64, to worker: Int) {
        guard let process = processes[worker] else {
            return perform(machine.sendFailed(worker: worker))
        }
        guard let job = jobs[number] else {
            return perform(machine.misbehaved(worker: worker, "its job is unknown"))
        }
        do {
            try process.socket.send(job.frame(now: .now), with: job.source.memory)
            observer.jobStarted(process.id)
        } catch {
            observer.problem("worker \(process.id): \(error)")
            perform(machine.sendFailed(worker: worker))
        }
    }

    private func finish(_ number: UInt64, _ result: Result<TransformedImage, TransformError>) {
        // A job that was given up while it ran has been answered already.
        guard let job = jobs.removeValue(forKey: number) else { return }
        job.continuation.resume(returning: result)
        let outcome: String
        var cpuTime = Duration.zero
        switch result {
        case .success(let image):
            outcome = "ok"
            cpuTime = image.cpuTime
        case .failure(let error):
            outcome = error.label
        }
        observer.jobEnded(
            WorkerPoolJobReport(
                outcome: outcome, duration: .now - job.submitted, cpuTime: cpuTime, sourceBytes: job.source.count))
    }

    // MARK: Start and status

    private func settleStart() {
        let areReady = machine.workers.allSatisfy { worker in
            switch worker {
            case .idle, .busy: true
            case .down, .starting, .ending: false
            }
        }
        guard areReady else { return }
        hasStarted = true
        startWaiters.forEach { $0.resume(returning: .success(())) }
        startWaiters = []
    }

    private func failStart(_ reason: String) {
        startWaiters.forEach { $0.resume(returning: .failure(WorkerPoolError(reason))) }
        startWaiters = []
    }

    private func publish() {
        var status = WorkerPoolStatus(waitingJobs: machine.waitingCount, waitingBytes: machine.waitingBytes)
        for (worker, process) in zip(machine.workers, processes) {
            guard let process else { continue }
            status.processes.append(process.id)
            if case .busy = worker { status.busy += 1 }
        }
        inbox.status.withLock { $0 = status }
    }
}

extension TransformedImage {
    /// Takes over a worker's result after a look at what it claims.
    fileprivate init(_ result: TransformResult, _ memory: SealedMemory) throws(FrameError) {
        guard let format = OutputFormat(rawValue: result.format) else {
            throw FrameError("it made a format that does not exist")
        }
        let bytes: [UInt8]
        do {
            bytes = try memory.copied()
        } catch {
            throw FrameError("its result cannot be read: \(error)")
        }
        guard format.matches(bytes) else { throw FrameError("its result is not \(format.contentType)") }
        self.init(
            bytes: bytes, format: format, width: result.width, height: result.height, sourceWidth: result.sourceWidth,
            sourceHeight: result.sourceHeight, cpuTime: .microseconds(result.cpuMicroseconds))
    }
}
