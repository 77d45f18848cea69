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

    @Test func oneLeads() throws {
        var table = Table(capacity: 100)
        let leader = try leader(table.enter(key, newestMatch: old, "a"))
        #expect(try joined(table.enter(key, newestMatch: old, "b")).fill == leader.fill)
        _ = try self.leader(table.enter(CacheKey(2), newestMatch: old, "another key"))
        #expect(table.end(key, leader.fill).sorted() == ["a", "b"])
        #expect(table.end(key, leader.fill).isEmpty)
        _ = try self.leader(table.enter(key, newestMatch: old, "after the end"))
    }

    @Test func noMoreFillsThanAllowedButAnyNumberOfWaiters() throws {
        var table = Table(capacity: 2)
        let first = try leader(table.enter(key, newestMatch: old, "a"))
        _ = try leader(table.enter(CacheKey(2), newestMatch: old, "b"))
        #expect(table.enter(CacheKey(3), newestMatch: old, "c") == .refuse)
        #expect(try joined(table.enter(key, newestMatch: old, "d")).fill == first.fill)
        // Nobody waits for it any more; it is under way all the same.
        #expect(table.leave(key, first) == "a")
        #expect(table.enter(CacheKey(3), newestMatch: old, "e") == .refuse)
        #expect(table.end(key, first.fill) == ["d"])
        _ = try leader(table.enter(CacheKey(3), newestMatch: old, "f"))
    }

    @Test func onlyAFillThatIsNewEnoughIsJoined() throws {
        var table = Table(capacity: 100)
        let first = try leader(table.enter(key, newestMatch: old, "a"))
        let second = try leader(table.enter(key, newestMatch: new, "b"))
        #expect(try joined(table.enter(key, newestMatch: new, "c")).fill == second.fill)
        #expect(try joined(table.enter(key, newestMatch: .zero, "d")).fill == second.fill, "the newest serves all")
        #expect(table.count == 2)
        #expect(table.end(key, second.fill).sorted() == ["b", "c", "d"])
        #expect(table.end(key, first.fill) == ["a"])
        #expect(table.count == 0)
    }

    @Test func whoLeavesIsHandedOutOnceAndTheFillGoesOn() throws {
        var table = Table(capacity: 100)
        let leader = try leader(table.enter(key, newestMatch: old, "a"))
        #expect(table.leave(key, leader) == "a")
        #expect(table.leave(key, leader) == nil)
        _ = try joined(table.enter(key, newestMatch: old, "b"))
        #expect(table.end(key, leader.fill) == ["b"])
    }
}
