import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// A cache under test, everything that it does to its folder, and what it promised. Starts on a folder in which everything is
/// durable: an empty one, or what a power cut has left.
final class CrashSession {
    static let limit = 1 << 20
    static let keys = 40

    let journal: CrashJournal
    let trace = CrashTrace()
    /// As it began.
    let model: CrashModel
    let promises: CrashPromises
    private(set) var folder: TemporaryFolder
    private(set) var cache: ObjectCache
    private var present: [Int: CrashVersion] = [:]
    private var nextVersion: Int
    private var expected: [Erasure]
    /// After a sync that failed, what the process sees is not what a kill would leave.
    private var isLossy = false

    init(_ folder: TemporaryFolder, _ journal: CrashJournal, _ promises: CrashPromises = CrashPromises()) async throws {
        (self.folder, self.journal) = (folder, journal)
        var promises = promises
        promises.restart()
        self.promises = promises
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        model = try CrashModel(folder.path)
        nextVersion = (promises.versions.keys.max() ?? 0) + 1
        expected = promises.expected
        cache = try await Self.open(folder, journal, expected, trace)
    }

    private static func open(
        _ folder: TemporaryFolder, _ journal: CrashJournal, _ expecting: [Erasure], _ trace: CrashTrace
    ) async throws -> ObjectCache {
        let configuration = ObjectCacheConfiguration(
            folder: folder.path, diskBytes: limit, memoryBytes: 20 << 10, shards: 2, segmentBytes: 32 << 10,
            fileBodyBytes: 6 << 10, checkpointMilliseconds: 1_000_000)
        let cache = try ObjectCache(
            configuration: configuration, rules: journal.rules, expecting: expecting, changes: trace.changes(), report: { _ in })
        trace.watch(cache.core)
        // Else the one of the start would come at any moment.
        await cache.checkpoint()
        return cache
    }

    /// The files as they are.
    func contents() throws -> [String: [UInt8]] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).reduce(into: [:]) { contents, name in
            contents[name] = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name)))
        }
    }

    func promises(at step: Int) -> CrashPromises {
        trace.steps.prefix(step).reduce(into: promises) { $0.note($1) }
    }

    /// What is left if the power goes now.
    func contents(after policy: CrashPolicy) -> [String: [UInt8]] {
        var model = model
        for (sequence, step) in trace.steps.enumerated() { model.apply(step, sequence: sequence) }
        return model.contents(after: policy)
    }

    // MARK: What a workload does

    func store(_ number: Int, size: Int) {
        let version = CrashVersion(number, version: nextVersion, fill: journal.rules.applied.rawValue, size: size)
        nextVersion += 1
        trace.mark(.storing(version))
        if cache.store(CacheKey(number), version.objectMetadata, body: SharedBytes(version.body)) == .stored {
            present[number] = version
        }
    }

    func flush() async {
        await cache.flush()
        let found = Set(cache.order)
        present = present.filter { found.contains(CacheKey($0.key)) }
    }

    /// From here on a kill must lose nothing.
    func settle() async {
        await flush()
        if isLossy { return }
        let floor = cache.floor
        let found = present.filter { Revision(rawValue: $0.value.fill) >= floor }
        trace.mark(.quiet(found.mapValues(\.version)))
    }

    func lookup(_ number: Int) { _ = cache.lookup(CacheKey(number)) }

    func remove(_ number: Int) {
        cache.remove(CacheKey(number))
        present[number] = nil
    }

    func checkpoint() async { await cache.checkpoint() }

    func purge(_ number: Int) async throws {
        try journal.append(.hardPurge, number)
        trace.mark(.applied)
        for (other, version) in present where version.source == number % 10 && version.fill < journal.rules.applied.rawValue {
            present[other] = nil
        }
    }

    func sweep() async { await cache.sweep() }

    func raiseFloor(to floor: UInt64) async throws {
        try await cache.raiseFloor(to: Revision(rawValue: floor))
        trace.mark(.floor(Revision(rawValue: floor)))
    }

    func removeAll() async throws {
        // The floor of before is no news to the trace when the files change.
        trace.watch(cache.core)
        trace.mark(.emptying)
        try await cache.removeAll()
        trace.mark(.emptied(version: nextVersion))
        (present, expected) = ([:], [])
    }

    /// As a node does it: the cache hears of it, the rules apply it, what was made of it is destroyed.
    func expectErase(of number: Int) async throws {
        // What the writer was about to unlink as the cache heard of it may be unlinked a moment later.
        await flush()
        let erase = Erasure(revision: journal.rules.applied.next, sources: [source(number % 10)])
        cache.expect([erase])
        expected.append(erase)
        trace.mark(.expected(erase))
        try journal.append(.erase, number)
        trace.mark(.applied)
        present = present.filter { $0.value.source != number % 10 }
    }

    func reclaim() async throws {
        guard !expected.isEmpty else { return }
        _ = try await cache.reclaim(expected)
        trace.mark(.reclaimed(expected))
        expected = []
    }

    /// While a sync fails, once.
    func reclaimInVain() async throws {
        trace.failNextSync()
        defer { trace.failNextSync(false) }
        do throws(ObjectCacheError) {
            _ = try await cache.reclaim(expected)
        } catch {
            isLossy = true
            return
        }
        // Nothing was to be synced; there may be something by now.
        trace.failNextSync(false)
        try await reclaim()
    }

    /// The process goes as the first zeros are written.
    func killInReclaim() async throws {
        let left = Mutex<TemporaryFolder?>(nil)
        trace.interrupt { [folder] change in
            guard case .write(let bytes, _, _) = change, bytes.allSatisfy({ $0 == 0 }), let copy = try? folder.crashed(),
                let inodes = try? CrashModel.inodes(copy.path)
            else { return nil }
            left.withLock { $0 = copy }
            return .moved(inodes)
        }
        _ = try await cache.reclaim(expected)
        trace.interrupt(nil)
        guard let copy = left.withLock({ $0 }) else { return try await reclaim() }
        await shutdown()
        folder = copy
        cache = try await Self.open(folder, journal, expected, trace)
    }

    func shutdown() async { await cache.shutdown() }

    func reopen() async throws {
        await shutdown()
        cache = try await Self.open(folder, journal, expected, trace)
    }

    /// The process goes, the machine stays: the kernel has everything, and has synced nothing of it.
    func kill() async throws {
        await flush()
        let copy = try folder.crashed()
        trace.note(.moved(try CrashModel.inodes(copy.path)))
        trace.endLife()
        await cache.shutdown()
        folder = copy
        cache = try await Self.open(folder, journal, expected, trace)
    }
}

/// Commands, so that the rules of any moment can be had again.
final class CrashJournal {
    private var commands: [(kind: CommandKind, number: Int)] = []
    private let now = TestJournal()

    var rules: RuleBook { now.rules }

    init() {}

    /// As it was after so many commands.
    convenience init(_ whole: CrashJournal, commands: Int) throws {
        self.init()
        for command in whole.commands.prefix(commands) { try append(command.kind, command.number) }
    }

    func append(_ kind: CommandKind, _ number: Int) throws {
        commands.append((kind, number))
        try now.append(kind, .source([source(number % 10)]))
    }
}
