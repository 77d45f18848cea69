import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// A folder that goes when the test does.
final class TemporaryFolder: Sendable {
    let path: String
    private let parent: String

    /// - Parameter inMemory: where syncing costs nothing, for tests that open a cache some thousand times.
    init(inMemory: Bool = false) {
        let memory = "/dev/shm"
        let isThere = FileManager.default.isWritableFile(atPath: memory)
        parent = inMemory && isThere ? memory : NSTemporaryDirectory().trimmingSuffix("/")
        path = parent + "/vignette-cache-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// What a kill at this moment would leave: the files as they are.
    func crashed() throws -> TemporaryFolder {
        let copy = TemporaryFolder(inMemory: parent == "/dev/shm")
        try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() where name != "lock" {
            // A file may go between the listing and the copy.
            guard let bytes = try? Data(contentsOf: URL(filePath: path + "/" + name)) else { continue }
            try Self.write(Array(bytes), to: copy.path + "/" + name)
        }
        return copy
    }

    /// With holes where there are zeros, so that it occupies no more than it did.
    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        for start in stride(from: 0, to: bytes.count, by: 4096) {
            let block = bytes[start..<min(start + 4096, bytes.count)]
            if block.allSatisfy({ $0 == 0 }) { continue }
            try #require(block.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(start)) } == block.count)
        }
        try #require(ftruncate(descriptor, off_t(bytes.count)) == 0)
    }

    /// As `crashed`, of one instant: the writer may tidy a little after it has answered.
    func crashedAtRest() throws -> TemporaryFolder {
        while true {
            let before = try state()
            let copy = try crashed()
            if try state() == before { return copy }
        }
    }

    /// By name: inode, length, and when it was last written to.
    private func state() throws -> [String: [Int]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return names.reduce(into: [:]) { state, name in
            var status = stat()
            guard stat(path + "/" + name, &status) == 0 else { return }
            state[name] = [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        }
    }

    func files(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix(prefix) }.sorted()
            .map { path + "/" + $0 }
    }

    /// Allocated blocks, in bytes.
    var allocatedBytes: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            return stat(path + "/" + name, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
        }
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}

/// A journal of one, to give a rule book something to apply.
final class TestJournal: Sendable {
    let rules = RuleBook(RuleTable(journal: JournalID(Digest128(high: 1, low: 2))))

    /// Commands that match nothing: a cache keeps no fill that claims to be newer than its rules.
    func advance(to revision: UInt64) throws {
        while rules.applied.rawValue < revision { try append(.hardPurge, .tag("nothing has this tag")) }
    }

    @discardableResult
    func append(_ kind: CommandKind, _ scope: CommandScope) throws -> Revision {
        let position = rules.position
        let entry = JournalEntry(
            revision: position.applied.next, command: Command(kind: kind, scope: scope, label: ""), issuedAt: 0,
            issuedBy: "test", following: position.chain)
        try rules.apply([entry])
        return entry.revision
    }
}

/// SplitMix64: a seed gives the same run everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// `VIGNETTE_SEED`, or a new one, which is printed.
    static func printed(_ test: String) -> SeededGenerator {
        let seed = ProcessInfo.processInfo.environment["VIGNETTE_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...(1 << 32))
        FileHandle.standardError.write(Data("\(test): VIGNETTE_SEED=\(seed)\n".utf8))
        return SeededGenerator(seed)
    }
}

extension CacheKey {
    init(_ number: Int) {
        var generator = SeededGenerator(UInt64(number) &* 7919)
        self.init(Digest128(high: generator.next(), low: generator.next()))
    }
}

func source(_ number: Int) -> SourceIdentity { SourceIdentity(storage: "photos", key: "picture-\(number).jpg") }

/// An object whose body follows from its key's number and its entity tag, so that wrong bytes show whatever was lost.
func metadata(_ number: Int, version: Int = 0, fill: UInt64 = 0, tags: [String] = []) -> ObjectMetadata {
    ObjectMetadata(
        contentType: "image/webp", entityTag: "\"\(number)-\(version)\"", bornAt: 1_700_000_000_000,
        freshness: Freshness(maxAge: 60), fillRevision: Revision(rawValue: fill),
        scope: ObjectScope(
            sources: [source(number % 10)], url: Digest128(high: 0, low: UInt64(number)), tags: tags, site: "demo"))
}

func body(_ number: Int, version: Int = 0, size: Int) -> SharedBytes {
    var generator = SeededGenerator(UInt64(number) << 32 | UInt64(version))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 8)
    while bytes.count < size { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - size)
    return SharedBytes(bytes)
}

/// `body`, where a property of that name is nearer.
private func expectedBody(_ number: Int, version: Int, size: Int) -> SharedBytes {
    body(number, version: version, size: size)
}

extension SharedBytes {
    var array: [UInt8] { Array(storage[range]) }
}

extension CachedObject {
    /// From the entity tag: what the body must be.
    func hasRightBytes(_ number: Int) throws -> Bool {
        let parts = metadata.entityTag.dropFirst().dropLast().split(separator: "-").compactMap { Int($0) }
        guard parts.count == 2, parts[0] == number else { return false }
        let bytes = try self.body.bytes().array
        return bytes == expectedBody(number, version: parts[1], size: bytes.count).array
    }
}

extension Lookup {
    var object: CachedObject? {
        if case .hit(let object) = self { object } else { nil }
    }

    var reason: MissReason? {
        if case .miss(let reason) = self { reason } else { nil }
    }
}

extension ObjectCache {
    /// Keys from the least to the most recently used, as the shards' lists have them, merged by stamp. Checks the lists.
    var order: [CacheKey] {
        var all: [(stamp: UInt64, key: CacheKey)] = []
        for shard in core.shards {
            shard.index.withLock { index in
                var slot = index.order.oldest
                var last: UInt64 = 0
                var count = 0
                while slot != SlotList.none {
                    let entry = index.entry(slot).pointee
                    #expect(entry.stamp > last && index.find(entry.key) == slot)
                    last = entry.stamp
                    all.append((entry.stamp, entry.key))
                    slot = entry.newer
                    count += 1
                }
                #expect(count == index.count)
            }
        }
        return all.sorted { $0.stamp < $1.stamp }.map(\.key)
    }
}

func smallCache(
    _ folder: TemporaryFolder, _ journal: TestJournal, diskBytes: Int = 4 << 20, memoryBytes: Int = 1 << 20,
    change: (inout ObjectCacheConfiguration) -> Void = { _ in },
    report: @escaping @Sendable (CacheIncident) -> Void = { _ in }
) throws -> ObjectCache {
    var configuration = ObjectCacheConfiguration(
        folder: folder.path, diskBytes: diskBytes, memoryBytes: memoryBytes, shards: 4)
    change(&configuration)
    return try ObjectCache(configuration: configuration, rules: journal.rules, report: report)
}
