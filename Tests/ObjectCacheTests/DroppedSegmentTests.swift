import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// What a start drops while erases are outstanding is overwritten before its blocks go back to the file system, and what it
/// has dropped stays dropped.
@Suite(.timeLimit(.minutes(2)))
struct DroppedSegmentTests {
    enum Reason: CaseIterable { case damagedHead, otherEpoch, noState, impossibleNumber, tornTail }

    /// A folder of objects 0..<6, of which an erase of 3 is outstanding, as a kill leaves it.
    private func erased() async throws -> (contents: [String: [UInt8]], CrashPromises, CrashJournal) {
        let session = try await CrashSession(TemporaryFolder(inMemory: true), CrashJournal())
        for number in 0..<4 { session.store(number, size: 9_000) }
        await session.settle()
        try await session.expectErase(of: 3)
        let promises = session.promises(at: session.trace.steps.count)
        let contents = try session.contents()
        await session.shutdown()
        return (contents, promises, session.journal)
    }

    private func segment(_ contents: [String: [UInt8]]) throws -> String {
        try #require(contents.keys.filter { $0.hasPrefix("segment-") }.max())
    }

    @Test(arguments: Reason.allCases) func isOverwrittenFirst(_ reason: Reason) async throws {
        var (contents, promises, journal) = try await erased()
        let name = try segment(contents)
        switch reason {
        case .damagedHead: contents[name]?[20] ^= 1
        case .otherEpoch:
            var state = try #require(contents["state"].flatMap { CacheState($0) })
            state.epoch += 1
            contents["state"] = state.bytes
        case .noState: contents["state"] = nil
        case .impossibleNumber: contents["segment-ffffff00"] = contents.removeValue(forKey: name)
        case .tornTail: contents[name]?.removeLast(3_000)
        }
        // The scan is to meet the tail, and no checkpoint to name it.
        contents["index"] = nil
        let session = try await CrashSession(try CrashCheck.folder(contents), journal, promises)
        // A round of the writer's.
        await session.settle()
        let left = try session.contents()
        #expect(reason == .tornTail ? left[name]?.count ?? 0 >= SegmentHeader.size : left[name] == nil)
        #expect(left["segment-ffffff00"] == nil)
        let erase = try #require(promises.expected.first)
        #expect(left.values.allSatisfy { !CrashCheck.holds($0, erase) })
        await session.shutdown()
        // Nor if the power goes while it is about it.
        try await CrashCheck("\(reason)", .printed("power cuts, \(reason)")).everyStep(of: session)
    }

    /// Nobody may say that an erase is carried out while a file is there which nobody can read.
    @Test func aFileThatCannotBeOpened() async throws {
        let (contents, promises, journal) = try await erased()
        let folder = try CrashCheck.folder(contents)
        let path = folder.path + "/segment-000000aa"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let session = try await CrashSession(folder, journal, promises)
        await #expect(throws: ObjectCacheError.self) { try await session.reclaim() }
        try FileManager.default.removeItem(atPath: path)
        try await session.reclaim()
        let erase = try #require(promises.expected.first)
        #expect(try session.contents().values.allSatisfy { !CrashCheck.holds($0, erase) })
        await session.shutdown()
    }

    /// What a start has cut off would be in the file again after another power cut, where no erase has looked.
    @Test func aTornTailStaysCutOff() async throws {
        var (contents, promises, journal) = try await erased()
        contents[try segment(contents)]?.removeLast(3_000)
        contents["index"] = nil
        // This start knows of no erase.
        let commands = promises.commands
        promises = CrashPromises()
        for _ in 0..<commands { promises.note(.mark(.applied)) }
        let session = try await CrashSession(try CrashCheck.folder(contents), journal, promises)
        try await session.expectErase(of: 3)
        try await session.reclaim()
        let erase = Erasure(revision: session.journal.rules.applied, sources: [source(3)])
        #expect(session.contents(after: .nothing).values.allSatisfy { !CrashCheck.holds($0, erase) })
        await session.shutdown()
    }

    /// Unlinked, then a kill, a start and a newer version of its object: the old one is not back in the newer one's place.
    @Test func anUnlinkedSegmentStaysUnlinked() async throws {
        let session = try await CrashSession(TemporaryFolder(inMemory: true), CrashJournal())
        // As on a file system without holes, so that the segment goes.
        session.cache.core.space.placement.withLock { $0.givesBack = false }
        // Enough is dead for the active segment to be given up, without another one.
        for number in 0..<20 { session.store(number, size: 14 << 10) }
        await session.flush()
        for number in 0..<8 { session.remove(number * 2) }
        await session.flush()
        await session.checkpoint()
        let count = try session.folder.files("segment-").count
        session.store(30, size: 110_000)
        await session.flush()
        session.remove(30)
        await session.flush()
        try #require(try session.folder.files("segment-").count == count)
        // Up to here the names of it may be on the disk, and nothing after.
        let unlinked = try #require(
            session.trace.steps.lastIndex { if case .change(.unlink) = $0 { true } else { false } })
        try await session.kill()
        session.store(30, size: 500)
        await session.flush()
        let left = session.contents(after: CrashPolicy(data: .all, names: .before(unlinked)))
        let promises = session.promises(at: session.trace.steps.count)
        let next = try await CrashSession(try CrashCheck.folder(left), session.journal, promises)
        let newest = try #require(promises.versions.values.filter { $0.number == 30 }.max { $0.version < $1.version })
        #expect(next.cache.lookup(CacheKey(30)).object?.metadata.entityTag == newest.tag)
        for session in [session, next] { await session.shutdown() }
    }
}
