import Testing
@testable import WorkerPool

struct PoolMachineTests {
    private let start = ContinuousClock.now

    private func machine(workers: Int = 1, waitingJobs: Int = 2, waitingBytes: Int = 100) -> PoolMachine {
        PoolMachine(
            workers: workers, waitingJobs: waitingJobs, waitingBytes: waitingBytes, startTimeout: .seconds(10), now: start)
    }

    private func job(_ number: UInt64, bytes: Int = 10, seconds: Int = 60) -> PoolMachine.Job {
        .init(number: number, bytes: bytes, deadline: start + .seconds(seconds))
    }

    private func readyMachine(workers: Int = 1, waitingJobs: Int = 2, waitingBytes: Int = 100) -> PoolMachine {
        var machine = machine(workers: workers, waitingJobs: waitingJobs, waitingBytes: waitingBytes)
        _ = machine.timePassed(now: start)
        for worker in 0..<workers {
            _ = machine.ready(worker: worker)
        }
        return machine
    }

    @Test func startsEveryWorkerOnceAndGivesTheFirstJobToTheFirstReady() {
        var machine = machine(workers: 2)
        #expect(machine.timePassed(now: start) == [.start(worker: 0), .start(worker: 1)])
        #expect(machine.timePassed(now: start) == [])
        #expect(machine.submit(job(1)) == [])
        #expect(machine.ready(worker: 1) == [.send(job: 1, worker: 1)])
        #expect(machine.ready(worker: 0) == [])
    }

    @Test func aWorkerHasOneJobAndTheOthersWaitInOrder() {
        var machine = readyMachine()
        #expect(machine.submit(job(1)) == [.send(job: 1, worker: 0)])
        #expect(machine.submit(job(2)) == [])
        #expect(machine.submit(job(3)) == [])
        #expect(machine.answered(worker: 0, job: 1) == [.deliver(job: 1), .send(job: 2, worker: 0)])
        #expect(machine.answered(worker: 0, job: 2) == [.deliver(job: 2), .send(job: 3, worker: 0)])
        #expect(machine.answered(worker: 0, job: 3) == [.deliver(job: 3)])
        #expect(machine.workers == [.idle])
    }

    @Test func tooManyOrTooLargeWaitingJobsAreRefused() {
        var machine = readyMachine(waitingJobs: 2, waitingBytes: 100)
        _ = machine.submit(job(1))
        #expect(machine.submit(job(2, bytes: 90)) == [])
        #expect(machine.submit(job(3, bytes: 11)) == [.fail(job: 3, .overloaded)])
        #expect(machine.submit(job(4, bytes: 10)) == [])
        #expect(machine.submit(job(5, bytes: 0)) == [.fail(job: 5, .overloaded)])
        #expect(machine.waitingBytes == 100)
    }

    @Test func aCancelledJobGivesUpItsPlace() {
        var machine = readyMachine(waitingJobs: 1)
        _ = machine.submit(job(1))
        _ = machine.submit(job(2))
        #expect(machine.cancel(2) == [.fail(job: 2, .cancelled)])
        #expect(machine.waitingBytes == 0)
        #expect(machine.submit(job(3)) == [])
        #expect(machine.answered(worker: 0, job: 1) == [.deliver(job: 1), .send(job: 3, worker: 0)])
    }

    @Test func aCancelledRunningJobKeepsItsWorkerUntilItIsDone() {
        var machine = readyMachine()
        _ = machine.submit(job(1))
        #expect(machine.cancel(1) == [.fail(job: 1, .cancelled)])
        #expect(machine.submit(job(2)) == [])
        #expect(machine.answered(worker: 0, job: 1) == [.deliver(job: 1), .send(job: 2, worker: 0)])
    }

    @Test func atItsDeadlineTheWorkerIsKilledAndReplacedAtOnce() {
        var machine = readyMachine()
        _ = machine.submit(job(1, seconds: 5))
        #expect(machine.nextDeadline == start + .seconds(5))
        #expect(machine.timePassed(now: start + .seconds(4)) == [])
        #expect(machine.timePassed(now: start + .seconds(5)) == [.kill(worker: 0), .fail(job: 1, .deadline)])
        #expect(machine.ended(worker: 0, reason: "signal 9", now: start + .seconds(5)) == [.start(worker: 0)])
    }

    @Test func aJobThatNeverGotAWorkerInItsTimeMetAnOverloadedServer() {
        var machine = readyMachine()
        _ = machine.submit(job(1, seconds: 60))
        _ = machine.submit(job(2, seconds: 5))
        #expect(machine.timePassed(now: start + .seconds(5)) == [.fail(job: 2, .overloaded)])
        #expect(machine.waitingBytes == 0)
    }

    @Test func aDeathCostsItsOwnJobOnly() {
        var machine = readyMachine(workers: 2)
        _ = machine.submit(job(1))
        _ = machine.submit(job(2))
        _ = machine.submit(job(3))
        let actions = machine.ended(worker: 0, reason: "signal 11", now: start)
        #expect(actions == [.fail(job: 1, .crashed("signal 11")), .start(worker: 0)])
        #expect(machine.ready(worker: 0) == [.send(job: 3, worker: 0)])
        #expect(machine.answered(worker: 1, job: 2) == [.deliver(job: 2)])
    }

    @Test func aJobThatCouldNotBeSentGoesToTheNextWorkerFirst() {
        var machine = readyMachine()
        _ = machine.submit(job(1))
        _ = machine.submit(job(2))
        #expect(machine.sendFailed(worker: 0) == [.kill(worker: 0)])
        #expect(machine.ended(worker: 0, reason: "signal 9", now: start) == [.start(worker: 0)])
        #expect(machine.ready(worker: 0) == [.send(job: 1, worker: 0)])
    }

    @Test func anAnswerToAnotherJobIsABreach() {
        var machine = readyMachine()
        _ = machine.submit(job(1))
        #expect(machine.answered(worker: 0, job: 99) == [.kill(worker: 0), .fail(job: 1, .crashed(""))])
        #expect(machine.answered(worker: 0, job: 1) == [])
        #expect(machine.ended(worker: 0, reason: "signal 9", now: start) == [.start(worker: 0)])
        #expect(machine.ready(worker: 0) == [])
        #expect(machine.ready(worker: 0) == [.kill(worker: 0)])
    }

    @Test func workersThatDieBeforeTheyAreReadyAreStartedLessAndLessOften() {
        var machine = machine()
        var now = start
        var delays: [Duration] = []
        for _ in 0..<9 {
            #expect(machine.timePassed(now: now) == [.start(worker: 0)])
            #expect(machine.ended(worker: 0, reason: "exit status 1", now: now) == [])
            guard let next = machine.nextDeadline else { break }
            delays.append(next - now)
            now = next
        }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 6400, 6400, 6400].map { .milliseconds($0) })
    }

    @Test func stoppingFailsEverythingAndEndsEveryProcess() {
        var machine = readyMachine(workers: 2)
        _ = machine.submit(job(1))
        _ = machine.submit(job(2))
        _ = machine.submit(job(3))
        let actions = machine.stop()
        #expect(actions.contains(.fail(job: 1, .stopping)))
        #expect(actions.contains(.fail(job: 2, .stopping)))
        #expect(actions.contains(.fail(job: 3, .stopping)))
        #expect(actions.contains(.kill(worker: 0)))
        #expect(actions.contains(.kill(worker: 1)))
        #expect(machine.ended(worker: 0, reason: "signal 9", now: start) == [])
        #expect(machine.submit(job(4)) == [.fail(job: 4, .stopping)])
    }
}
