import CacheProtocol
import Testing

@testable import ObjectCache

@Suite struct FillTableTests {
    private typealias Table = FillTable<String>
    private let key = CacheKey(1)
    private let old = Revision(rawValue: 3)
    private let new = Revision(rawValue: 7)

    private func leader(_ entry: Table.Entry) throws -> Table.WaiterID {
        guard case .lead(let id) = entry else { throw Unexpected() }
        return id
    }

    private func joined(_ entry: Table.Entry) throws -> Table.WaiterID {
        guard case .collapse(let id) = entry else { throw Unexpected() }
        return id
    }

    private struct Unexpected: Error {}

    private func demand(_ newest: Revision, joinFrom: Revision? = nil, generation: UInt64 = 0) -> FillDemand {
        FillDemand(newestMatch: newest, joinFrom: joinFrom ?? newest, generation: generation)
    }

    @Test func oneLeads() throws {
        var table = Table(capacity: 100)
        let leader = try leader(table.enter(key, demand(old), "a"))
        #expect(try joined(table.enter(key, demand(old), "b")).fill == leader.fill)
        _ = try self.leader(table.enter(CacheKey(2), demand(old), "another key"))
        #expect(table.end(key, leader.fill).sorted() == ["a", "b"])
        #expect(table.end(key, leader.fill).isEmpty)
        _ = try self.leader(table.enter(key, demand(old), "after the end"))
    }

    @Test func noMoreFillsThanAllowedButAnyNumberOfWaiters() throws {
        var table = Table(capacity: 2)
        let first = try leader(table.enter(key, demand(old), "a"))
        _ = try leader(table.enter(CacheKey(2), demand(old), "b"))
        #expect(table.enter(CacheKey(3), demand(old), "c") == .refuse)
        #expect(try joined(table.enter(key, demand(old), "d")).fill == first.fill)
        // Nobody waits for it any more; it is under way all the same.
        #expect(table.leave(key, first) == "a")
        #expect(table.enter(CacheKey(3), demand(old), "e") == .refuse)
        #expect(table.end(key, first.fill) == ["d"])
        _ = try leader(table.enter(CacheKey(3), demand(old), "f"))
    }

    @Test func onlyAFillThatIsNewEnoughIsJoined() throws {
        var table = Table(capacity: 100)
        let first = try leader(table.enter(key, demand(old), "a"))
        let second = try leader(table.enter(key, demand(new), "b"))
        #expect(try joined(table.enter(key, demand(new), "c")).fill == second.fill)
        #expect(try joined(table.enter(key, demand(.zero), "d")).fill == second.fill, "the newest serves all")
        #expect(table.count == 2)
        #expect(table.end(key, second.fill).sorted() == ["b", "c", "d"])
        #expect(table.end(key, first.fill) == ["a"])
        #expect(table.count == 0)
    }

    @Test func whoLeavesIsHandedOutOnceAndTheFillGoesOn() throws {
        var table = Table(capacity: 100)
        let leader = try leader(table.enter(key, demand(old), "a"))
        #expect(table.leave(key, leader) == "a")
        #expect(table.leave(key, leader) == nil)
        _ = try joined(table.enter(key, demand(old), "b"))
        #expect(table.end(key, leader.fill) == ["b"])
    }

    @Test func aFillFromBeforeTheCacheWasEmptiedIsNotJoined() throws {
        var table = Table(capacity: 100)
        let before = try leader(table.enter(key, demand(new, generation: 4), "a"))
        let after = try leader(table.enter(key, demand(old, generation: 5), "b"))
        #expect(before.fill != after.fill)
        #expect(try joined(table.enter(key, demand(old, generation: 5), "c")).fill == after.fill)
        // Who asked before the emptying may have what was begun after it.
        #expect(try joined(table.enter(key, demand(old, generation: 4), "d")).fill == after.fill)
        #expect(table.end(key, before.fill) == ["a"])
        #expect(table.end(key, after.fill).sorted() == ["b", "c", "d"])
    }

    @Test func aCommandThatMayMatchByATagEndsJoiningOnly() throws {
        var table = Table(capacity: 100)
        let first = try leader(table.enter(key, demand(old, joinFrom: old), "a"))
        // The tag was purged meanwhile: nobody knows whether the answer of the first fill carries it.
        let second = try leader(table.enter(key, demand(old, joinFrom: new), "b"))
        #expect(first.fill != second.fill)
        #expect(try joined(table.enter(key, demand(old, joinFrom: new), "c")).fill == second.fill)
        // Begun late enough, but content with an older result than this one may have.
        _ = try leader(table.enter(key, demand(new, joinFrom: new), "d"))
    }
}
