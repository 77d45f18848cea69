import CacheProtocol
import Journal
import Testing

@Suite(.timeLimit(.minutes(5))) struct DeskBulkTests {
    private let fixture: DeskFixture
    private let desk: CommandDesk

    init() async throws {
        fixture = try await DeskFixture {
            $0.commandsAtOnce = 50
            $0.tail = 60
            $0.batch = 40
            $0.maxTombstones = 3
        }
        desk = fixture.desk
    }

    @Test func manyCommandsAreOneAfterAnotherAndAllCompleted() async throws {
        var nodes = [Follower(desk, name: "a"), Follower(desk, name: "b")]
        for index in 0...1 { try await nodes[index].follow(wantsGrant: true) }
        let commands = (0..<230).map { JournalConformance.purge("\($0)") }
        let entries = try await desk.submit(commands, by: "bulk")
        #expect(entries.map(\.command) == commands)
        #expect(entries.map(\.revision.rawValue) == Array(1...230))
        for index in 0...1 { try await nodes[index].keepUp(with: Revision(rawValue: 230)) }
        for entry in entries {
            let status = try await desk.waitUntilCompleted(entry.revision, timeout: 60_000)
            #expect(status?.nodes.map(\.state.word) == ["applied", "applied"])
        }
        #expect(await desk.pendingCount == 0)
        #expect(try await desk.recent(limit: 3).map(\.revision.rawValue) == [230, 229, 228])
    }

    @Test func oneThatIsRefusedRefusesAll() async throws {
        var commands = (0..<120).map { JournalConformance.purge("\($0)") }
        commands.append(Command(kind: .hardPurge, scope: .tag(String(repeating: "x", count: 70_000)), label: ""))
        let error = await #expect(throws: JournalError.self) { try await desk.submit(commands, by: "") }
        #expect(error?.label == "tooLong")
        #expect(await desk.head == .zero)
    }

    @Test func noMoreIsErasedThanEveryNodeCanKeep() async throws {
        _ = try await desk.submit([JournalConformance.erase("a"), JournalConformance.erase("b")], by: "")
        for desk in [desk, try await fixture.restarted()] {
            let error = await #expect(throws: JournalError.self) {
                try await desk.submit(["a", "c", "d"].map(JournalConformance.erase), by: "")
            }
            #expect(error?.label == "tooManyErased")
        }
        _ = try await desk.submit(["a", "c"].map(JournalConformance.erase), by: "")
        let source = SourceIdentity(storage: "s", key: "b")
        _ = try await desk.submit(Command(kind: .lift, scope: .source([source]), label: ""), by: "")
        _ = try await desk.submit(JournalConformance.erase("d"), by: "")
        await #expect(throws: JournalError.self) { try await desk.submit(JournalConformance.erase("b"), by: "") }
    }

    /// What a message takes, whatever the number of entries.
    @Test func anAnswerFitsItsMessage() async throws {
        let fixture = try await DeskFixture { $0.maxAnswer = 5_000 }
        let desk = fixture.desk
        let long = (0..<10).map { JournalConformance.purge(String(repeating: "\($0)", count: 1_500)) }
        _ = try await desk.submit(long + [JournalConformance.purge(String(repeating: "x", count: 9_000))], by: "")
        var node = Follower(desk, name: "a")
        var counts: [Int] = []
        while node.table.applied < Revision(rawValue: 11), case .news(let news) = try await node.follow() {
            counts.append(news.entries.count)
            #expect(news.entries.count == 1 || FollowAnswer.news(news).wireBytes.count < 5_000)
        }
        #expect(counts.reduce(0, +) == 11 && counts.last == 1)
    }
}
