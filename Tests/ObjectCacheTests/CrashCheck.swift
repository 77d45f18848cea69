import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// Cuts the power at any step of what a session did, opens the cache on what is left, and compares with what was promised.
final class CrashCheck {
    private let what: String
    private var generator: SeededGenerator
    /// Folders that have been looked at: many cuts leave the same.
    private var seen: Set<Int> = []
    private(set) var states = 0
    private(set) var (hits, found, restarts) = (0, 0, 0)
    private(set) var isBroken = false
    /// Printed when something is broken: what the cache did that is being looked at.
    private var history: [CrashTrace.Step] = []

    init(_ what: String, _ generator: SeededGenerator) {
        (self.what, self.generator) = (what, generator)
    }

    private func check(_ condition: Bool, _ problem: @autoclosure () -> String, _ place: String) {
        guard !condition, !isBroken else { return }
        isBroken = true
        for (sequence, step) in history.enumerated() { print("  \(sequence) \(step.brief)") }
        Issue.record(Comment(rawValue: "\(what), \(place): \(problem())"))
    }

    /// Every step, every policy.
    func everyStep(of session: CrashSession) async throws {
        let steps = session.trace.steps
        checkFreed(session, steps, "at work")
        try await cut(session, steps, at: Array(0...steps.count)) { CrashPolicy.all($0, &$1) }
    }

    /// - Returns: a folder that one of the cuts left, with what holds there.
    @discardableResult
    func someSteps(of session: CrashSession, count: Int) async throws -> (TemporaryFolder, CrashPromises)? {
        let steps = session.trace.steps
        checkFreed(session, steps, "at work")
        let places = (0..<count).map { _ in Int.random(in: 0...steps.count, using: &generator) }
        return try await cut(session, steps, at: places.sorted()) { sequence, generator in
            CrashPolicy.all(sequence, &generator).randomElement(using: &generator).map { [$0] } ?? []
        }
    }

    @discardableResult
    private func cut(
        _ session: CrashSession, _ steps: [CrashTrace.Step], at places: [Int], depth: Int = 0,
        _ policies: (Int, inout SeededGenerator) -> [CrashPolicy]
    ) async throws -> (TemporaryFolder, CrashPromises)? {
        var (model, promises, done) = (session.model, session.promises, 0)
        var last: (TemporaryFolder, CrashPromises)?
        for place in places {
            while done < place {
                model.apply(steps[done], sequence: done)
                promises.note(steps[done])
                done += 1
            }
            for policy in policies(place, &generator) where !isBroken {
                // What no erase has ever reached may be stale anywhere; what one has must not be brought in by the test.
                if policy.unwritten == .stale, !(promises.expected + promises.reclaimed).isEmpty { continue }
                let contents = model.contents(after: policy)
                let cut = "step \(place) of \(steps.count), depth \(depth), \(policy)"
                if try await check(contents, promises, of: session, policy, cut, depth) {
                    last = (try Self.folder(contents), promises)
                }
            }
        }
        return last
    }

    static func folder(_ contents: [String: [UInt8]]) throws -> TemporaryFolder {
        let folder = TemporaryFolder(inMemory: true)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        for (name, bytes) in contents {
            let descriptor = open(folder.path + "/" + name, O_WRONLY | O_CREAT, 0o644)
            defer { close(descriptor) }
            try #require(descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count)
        }
        return folder
    }

    // MARK: One state

    /// - Returns: whether the state had not been seen before.
    private func check(
        _ contents: [String: [UInt8]], _ promises: CrashPromises, of earlier: CrashSession, _ policy: CrashPolicy,
        _ place: String, _ depth: Int
    ) async throws -> Bool {
        guard seen.insert(Self.digest(contents, promises)).inserted else { return false }
        states += 1
        history = earlier.trace.steps
        checkErased(promises.reclaimed, contents, place)
        let journal = try CrashJournal(earlier.journal, commands: promises.commands)
        let session: CrashSession
        do {
            session = try await CrashSession(try Self.folder(contents), journal, promises)
        } catch {
            check(false, "the start failed: \(error)", place)
            return true
        }
        check(session.cache.floor >= promises.floor, "the floor is \(session.cache.floor), not \(promises.floor)", place)
        try await checkObjects(session, policy, place)
        if earlier.model.isEmpty, policy.keepsEverything, promises.quiet != nil {
            check(session.cache.statistics.corruptions == 0, "after a kill something passes for damaged", place)
        }
        try await checkWork(session, place)
        let steps = session.trace.steps
        checkFreed(session, steps, place)
        if depth < 2, !isBroken, Int.random(in: 0..<3, using: &generator) == 0 {
            // The power goes again, while the cache starts or soon after.
            restarts += 1
            let at = Int.random(in: 0...steps.count, using: &generator)
            try await cut(session, steps, at: [at], depth: depth + 1) { sequence, generator in
                CrashPolicy.all(sequence, &generator).randomElement(using: &generator).map { [$0] } ?? []
            }
        }
        return true
    }

    private static func digest(_ contents: [String: [UInt8]], _ promises: CrashPromises) -> Int {
        var hasher = Hasher()
        for name in contents.keys.sorted() {
            hasher.combine(name)
            contents[name]?.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        hasher.combine(promises.commands)
        hasher.combine(promises.floor)
        hasher.combine(promises.oldestVersion)
        hasher.combine(promises.expected.count)
        hasher.combine(promises.reclaimed.count)
        hasher.combine(promises.quiet)
        return hasher.finalize()
    }

    private func checkObjects(_ session: CrashSession, _ policy: CrashPolicy, _ place: String) async throws {
        let promises = session.promises
        let isSwept = Bool.random(using: &generator)
        if isSwept { await session.sweep() }
        for number in 0..<CrashSession.keys {
            let lookup = session.cache.lookup(CacheKey(number))
            if isSwept, case .refused = lookup.reason { check(false, "a sweep has overlooked \(number)", place) }
            let object = lookup.object
            if policy.keepsEverything, let version = promises.quiet?[number] {
                found += 1
                check(
                    object?.metadata.entityTag == promises.versions[version]?.tag,
                    "\(number) was kept whole, but: \(object?.metadata.entityTag ?? "nothing") is found", place)
            }
            guard let object else { continue }
            hits += 1
            let known = promises.versions.values.first { $0.number == number && $0.tag == object.metadata.entityTag }
            guard let known else {
                check(false, "\(number) was never stored as \(object.metadata.entityTag)", place)
                continue
            }
            check(try object.body.bytes().array == known.body, "wrong bytes of \(number)", place)
            check(known.version >= promises.oldestVersion, "\(number) is back though all was removed", place)
            check(Revision(rawValue: known.fill) >= promises.floor, "\(number) is below the floor", place)
            let verdict = session.journal.rules.check(known.objectMetadata.scope, filledAt: Revision(rawValue: known.fill)).verdict
            if case .refused = verdict { check(false, "\(number) is refused by the rules", place) }
        }
    }

    /// It goes on as if nothing had been: erases are carried out, objects stored and found again.
    private func checkWork(_ session: CrashSession, _ place: String) async throws {
        let number = Int.random(in: 0..<CrashSession.keys, using: &generator)
        session.store(number, size: Int.random(in: 100..<9_000, using: &generator))
        await session.settle()
        let used = session.folder.allocatedBytes
        let stated = session.cache.statistics.diskBytes
        check(used <= CrashSession.limit, "\(used) bytes on the disk, more than the limit", place)
        check(used <= stated, "\(used) bytes on the disk, but \(stated) are stated", place)
        try await session.reclaim()
        checkErased(session.promises.expected + session.promises.reclaimed, try session.contents(), place)
        if Int.random(in: 0..<4, using: &generator) == 0 {
            try await session.kill()
        } else {
            try await session.reopen()
        }
        history = session.trace.steps
        let found = session.cache.lookup(CacheKey(number))
        check(
            found.object != nil, "\(number), stored after the start, is lost: \(found); \(session.cache.statistics)", place)
        await session.shutdown()
    }

    // MARK: Erases

    private func checkErased(_ erases: [Erasure], _ contents: [String: [UInt8]], _ place: String) {
        for erase in erases {
            for (name, bytes) in contents where Self.holds(bytes, erase) {
                check(false, "\(name) has bytes that the erase \(erase.revision) had destroyed", place)
            }
        }
    }

    static func holds(_ bytes: [UInt8], _ erase: Erasure) -> Bool {
        (0..<10).contains { number in
            erase.sources.contains(source(number))
                && CrashVersion.fills(of: number, in: bytes).contains { $0 < erase.revision.rawValue }
        }
    }

    /// Between the moment that the cache heard of an erase and its end no block goes back to the file system that may hold
    /// what the erase means.
    private func checkFreed(_ session: CrashSession, _ steps: [CrashTrace.Step], _ place: String) {
        var (model, promises) = (session.model, session.promises)
        history = steps
        for (sequence, step) in steps.enumerated() {
            if case .change(let change) = step, !promises.expected.isEmpty {
                for bytes in model.freed(by: change) {
                    for erase in promises.expected where Self.holds(bytes, erase) {
                        check(false, "step \(sequence), \(change.brief), frees what erase \(erase.revision) means", place)
                    }
                }
            }
            model.apply(step, sequence: sequence)
            promises.note(step)
        }
    }
}

extension CrashTrace.Step {
    fileprivate var brief: String {
        switch self {
        case .change(let change): change.brief
        case .mark(.storing(let version)):
            "store \(version.number), version \(version.version), fill \(version.fill), \(version.body.count) bytes"
        case .mark(.quiet(let found)): "quiet, \(found.count) objects"
        case .mark(let mark): "\(mark)"
        case .moved: "killed"
        }
    }
}

extension FileChange {
    fileprivate var brief: String {
        func name(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
        return switch self {
        case .create(let path, let file): "create \(name(path)), file \(file)"
        case .write(let bytes, let offset, let file):
            "write \(offset)..<\(offset + bytes.count)\(bytes.allSatisfy { $0 == 0 } ? " with zeros" : ""), file \(file)"
        case .truncate(let length, let file): "truncate to \(length), file \(file)"
        case .punch(let range, let file): "punch \(range), file \(file)"
        case .sync(let file): "sync file \(file)"
        case .syncFailed(let file): "fail to sync file \(file)"
        case .rename(let old, let new): "rename \(name(old)) to \(name(new))"
        case .unlink(let path): "unlink \(name(path))"
        case .syncFolder: "sync the folder"
        }
    }
}
