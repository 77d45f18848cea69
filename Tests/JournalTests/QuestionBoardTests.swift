import CacheProtocol
import Testing

@testable import Journal

struct QuestionBoardTests {
    private var board = QuestionBoard(patience: 100)
    private let sources = [SourceIdentity(storage: "s", key: "k")]

    private func at(_ milliseconds: UInt64) -> BootInstant {
        BootInstant(nanoseconds: 0).advanced(byMilliseconds: milliseconds)
    }

    private func report(_ question: UInt64, by folder: UInt64) -> NodeReport {
        NodeReport(
            question: question, node: NodeIdentity(name: "n", folder: folder, role: .edge), records: [], failure: "")
    }

    @Test mutating func aQuestionIsHandedOutOnceAndAgainWhenItMayBeLost() {
        board.ask(7, sources, of: [1, 2])
        #expect(board.isDue(for: 1, at: at(0)))
        #expect(!board.isDue(for: 3, at: at(0)))
        let step1 = board.take(for: 1, at: at(0))
        #expect(step1 == [NodeQuestion(id: 7, sources: sources)])
        let step2 = board.take(for: 1, at: at(99))
        #expect(step2.isEmpty)
        #expect(!board.isDue(for: 1, at: at(99)))
        #expect(board.isDue(for: 2, at: at(99)))
        let step3 = board.take(for: 1, at: at(100))
        #expect(step3.map(\.id) == [7])
        #expect(!board.isAnswered(7))
        let step4 = board.take(report(7, by: 1))
        #expect(!step4)
        let step5 = board.take(for: 1, at: at(300))
        #expect(step5.isEmpty)
        // Twice, of a stranger, to no question.
        for other in [report(7, by: 1), report(7, by: 9), report(8, by: 2)] {
            let isLast = board.take(other)
            #expect(!isLast)
        }
        let step6 = board.take(report(7, by: 2))
        #expect(step6)
        #expect(board.isAnswered(7))
        let step7 = board.close(7)
        #expect(step7.map(\.node.folder) == [1, 2])
        #expect(!board.isDue(for: 2, at: at(900)))
        let step8 = board.close(7)
        #expect(step8.isEmpty)
    }

    @Test mutating func nobodyToAskIsAnswered() {
        board.ask(7, sources, of: [])
        #expect(board.isAnswered(7))
    }
}
