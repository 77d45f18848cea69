internal import Dispatch
internal import Foundation
internal import Synchronization

/// An attack that goes on for a time on a thread of its own: where the server has thrown everybody out, they come again.
final class SlowAttackers: Sendable {
    private let outcome = Mutex<Result<[SlowRecord], any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    /// - Parameter url: what the attackers ask for.
    init(_ attack: SlowAttack, on url: String, seconds: Double, _ site: RunSite) {
        Thread.detachNewThread { [self] in
            let result = Result { try Self.run(attack, url, until: monotonicNow() + nanoseconds(seconds), site) }
            outcome.withLock { $0 = result }
            done.signal()
        }
    }

    /// Returns when the attack is over: what each of its waves saw.
    func wait() throws -> [SlowRecord] {
        done.wait()
        return try outcome.withLock { $0 }?.get() ?? []
    }

    private static func run(
        _ attack: SlowAttack, _ url: String, until: UInt64, _ site: RunSite
    ) throws -> [SlowRecord] {
        var records: [SlowRecord] = []
        while true {
            let now = monotonicNow()
            let left = until > now ? Int((Double(until - now) / 1e9).rounded(.up)) : 0
            // A wave of a second is none.
            guard left > 1 || records.isEmpty else { return records }
            let record = "\(site.folder)/slow-\(UInt32.random(in: 0 ... .max))"
            let child = try attack.start(
                site.plan.slow, url: url, record: record, seconds: max(left, 2), folder: site.folder)
            let end = try site.stop.ending(child.pid) { try child.wait(within: ChildProcess.roundLimit(max(left, 2))) }
            let csv = (try? String(contentsOfFile: record + ".csv", encoding: .utf8)) ?? ""
            guard let seen = try? SlowRecord(csv: csv), seen.mostConnected > 0 else {
                throw LoadTestError(.tool, "slowhttptest attacked nobody (status \(end.status)): \(csv)\(end.output.suffix(400))")
            }
            records.append(seen)
        }
    }
}
