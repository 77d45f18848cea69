import CacheProtocol
import Glibc
import ObjectCache
import Synchronization

/// A cache in a process of its own, for tests that take its disk away or kill it. Obeys one command a line, and answers each
/// with one line of JSON: what it counted since its start.
///
///     load N      N steps of the load, until they are written
///     push N      N steps, without waiting
///     flush       until everything is written
///     check N M   looks up what N steps have stored, but for what the M steps after them may have replaced; goes on from there
///     run N       steps on, with an answer after each N of them that are written, until it is killed
///     checkpoint, purge, report, stop
@main
enum CacheProcess {
    static func main() async {
        let incidents = Mutex<[String]>([])
        do {
            let settings = try Settings(Line.read() ?? "")
            let journal = JournalID(Digest128(high: 1, low: 2))
            let rules = RuleBook(RuleTable(journal: journal))
            let cache = try ObjectCache(configuration: settings.configuration, rules: rules) { incident in
                incidents.withLock { $0.append("\(incident.kind): \(incident.description)") }
            }
            var load = Load(cache, settings)
            var notDurable = 0
            func report() -> String { Self.report(cache, load, notDurable: notDurable, incidents.withLock { $0 }) }
            Line.write(report())
            while let line = Line.read() {
                let words = line.split(separator: " ").map(String.init)
                let counts = words.dropFirst().map { Int($0) ?? 0 }
                let count = counts.first ?? 0
                switch words.first {
                case "load":
                    load.take(count)
                    await cache.flush()
                case "push": load.take(count)
                case "flush": await cache.flush()
                case "check": load.check(through: count, butFor: counts.count > 1 ? counts[1] : 0)
                case "run":
                    while true {
                        load.take(count)
                        await cache.flush()
                        Line.write(report())
                    }
                case "checkpoint": await cache.checkpoint()
                case "purge":
                    do { try await cache.removeAll() } catch { notDurable += 1 }
                case "stop": await cache.shutdown()
                default: break
                }
                Line.write(report())
            }
        } catch {
            let text = (error as? Misuse)?.text ?? "\(error)"
            Line.write("{\"refusal\": \(quoted(text))}")
        }
    }

    private static func report(_ cache: ObjectCache, _ load: Load, notDurable: Int, _ incidents: [String]) -> String {
        let counts = cache.statistics
        let numbers = [
            ("step", load.step), ("stored", load.tally.stored), ("hits", load.tally.hits), ("misses", load.tally.misses),
            ("wrong", load.tally.wrong), ("old", load.tally.old), ("notDurable", notDurable),
            ("memoryHits", counts.memoryHits), ("diskHits", counts.diskHits),
            ("recordsWritten", counts.recordsWritten), ("writeFailures", counts.writeFailures),
            ("readFailures", counts.readFailures), ("corruptions", counts.corruptions),
            ("storesUnwritten", counts.storesUnwritten), ("storesWithoutRoom", counts.storesWithoutRoom),
            ("storesOverloaded", counts.storesOverloaded), ("evictions", counts.evictions), ("checkpoints", counts.checkpoints),
            ("objects", counts.objects), ("diskBytes", counts.diskBytes), ("diskLimit", counts.diskLimit),
            ("diskEffectiveLimit", counts.diskEffectiveLimit), ("segments", counts.segments),
            ("recordsMoved", counts.recordsMoved), ("recoveryMilliseconds", counts.recoveryMilliseconds),
        ]
        let fields = numbers.map { "\"\($0)\": \($1)" } + ["\"incidents\": [\(incidents.map(quoted).joined(separator: ", "))]"]
        return "{\(fields.joined(separator: ", "))}"
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
