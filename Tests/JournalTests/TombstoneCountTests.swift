import CacheProtocol
import Testing

@testable import Journal

struct TombstoneCountTests {
    private var count = TombstoneCount()

    private func command(_ kind: CommandKind, _ keys: String...) -> Command {
        Command(kind: kind, scope: .source(keys.map { SourceIdentity(storage: "s", key: $0) }), label: "")
    }

    @Test mutating func onlyWhatIsNewlyErasedCounts() throws {
        let first = count.reserve([command(.erase, "a", "b"), command(.erase, "b")], limit: 2)
        let added = try #require(first)
        #expect(count.count == 2)
        // What is under way takes its place already.
        let step1 = count.reserve([command(.erase, "c")], limit: 2)
        #expect(step1 == nil)
        count.note(command(.erase, "a", "b"))
        count.release(added)
        #expect(count.count == 2)
        let step2 = count.reserve([command(.erase, "a")], limit: 2)
        #expect(step2 == 0)
        let step3 = count.reserve([command(.erase, "a", "c")], limit: 2)
        #expect(step3 == nil)
        let step4 = count.reserve([command(.hardPurge, "c")], limit: 2)
        #expect(step4 == 0)
        count.note(command(.lift, "a"))
        let step5 = count.reserve([command(.erase, "c")], limit: 2)
        #expect(step5 == 1)
    }
}
