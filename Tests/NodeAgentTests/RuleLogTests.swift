import CacheProtocol
import Foundation
import Testing

@testable import NodeAgent

@Suite struct RuleLogTests {
    @Test func whatWasAppendedIsThereAgain() throws {
        let folder = try Folder.make()
        let history = History(9)
        var log = try RuleLog(in: folder)
        #expect(try log.recover() == nil)
        try log.reset(to: history.snapshot(through: .zero))
        try log.append(Array(history.entries[..<4]))
        try log.append(Array(history.entries[4...]))
        var again = try RuleLog(in: folder)
        let table = try #require(try again.recover())
        #expect(table.applied == Revision(rawValue: 9))
        #expect(again.journal == history.id)
        #expect(again.chain == history.entries.last?.chain)
        for number in 0..<9 {
            let verdict = table.verdict(on: History.object("photo-\(number)"), filledAt: Revision(rawValue: UInt64(number)))
            #expect(verdict == .refused(by: Revision(rawValue: UInt64(number + 1))))
        }
    }

    /// A crash can tear what was not synced: every length of the last frame must leave what was acknowledged before.
    @Test func aTornTailIsCutOffAndWrittenOver() throws {
        let folder = try Folder.make()
        let history = History(5)
        do {
            var log = try RuleLog(in: folder)
            try log.reset(to: history.snapshot(through: .zero))
            try log.append(Array(history.entries[..<3]))
        }
        let acknowledged = try Data(contentsOf: URL(fileURLWithPath: folder + "/rules"))
        do {
            var log = try RuleLog(in: folder)
            _ = try log.recover()
            try log.append(Array(history.entries[3...]))
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/rules"))
        for length in acknowledged.count..<whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: folder + "/rules"))
            var log = try RuleLog(in: folder)
            #expect(try log.recover()?.applied == Revision(rawValue: 3), "cut at \(length)")
            try log.append(Array(history.entries[3...]))
            var again = try RuleLog(in: folder)
            #expect(try again.recover()?.applied == Revision(rawValue: 5), "cut at \(length)")
        }
    }

    @Test func aFlippedBitIsNeverTakenForARule() throws {
        let folder = try Folder.make()
        let history = History(3)
        do {
            var log = try RuleLog(in: folder)
            try log.reset(to: history.snapshot(through: .zero))
            for entry in history.entries { try log.append([entry]) }
        }
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/rules")))
        for index in whole.indices {
            var flipped = whole
            flipped[index] ^= 1 << (index % 8)
            try Data(flipped).write(to: URL(fileURLWithPath: folder + "/rules"))
            var log = try RuleLog(in: folder)
            let table = try log.recover()
            let applied = table?.applied.rawValue ?? 0
            #expect(applied < 3, "byte \(index)")
            #expect(table == nil || table?.chain == (applied == 0 ? .root(of: history.id) : history.entries[Int(applied) - 1].chain))
        }
    }

    @Test func entriesFoldIntoASnapshotAndGoOnFromThere() throws {
        let folder = try Folder.make()
        let history = History(6)
        var log = try RuleLog(in: folder)
        try log.reset(to: history.snapshot(through: .zero))
        try log.append(Array(history.entries[..<4]))
        try log.fold(to: history.snapshot(through: Revision(rawValue: 4)).table)
        // A table of more than the file holds is not acknowledged yet, and must not get into it.
        try log.fold(to: history.snapshot(through: Revision(rawValue: 6)).table)
        #expect(log.applied == Revision(rawValue: 4))
        try log.append(Array(history.entries[4...]))
        var again = try RuleLog(in: folder)
        let table = try #require(try again.recover())
        #expect(RuleSnapshot(journal: history.id, table: table) == history.snapshot(through: Revision(rawValue: 6)))
    }

    /// What a node of before there were snapshots has left.
    @Test func aFileThatBeginsWithTheJournalsIdIsRead() throws {
        let folder = try Folder.make()
        let history = History(2)
        try Data(Frame.seal(history.id)).write(to: URL(fileURLWithPath: folder + "/rules"))
        var log = try RuleLog(in: folder)
        #expect(try log.recover()?.applied == .zero)
        #expect(log.journal == history.id)
        try log.append(history.entries)
        var again = try RuleLog(in: folder)
        #expect(try again.recover()?.applied == Revision(rawValue: 2))
    }

    @Test func aLogOfAnotherJournalIsReplacedWhole() throws {
        let folder = try Folder.make()
        let history = History(2)
        var log = try RuleLog(in: folder)
        try log.reset(to: history.snapshot(through: .zero))
        try log.append(history.entries)
        let other = JournalID(Digest128(high: 7, low: 7))
        try log.reset(to: RuleSnapshot(journal: other, table: RuleTable(journal: other)))
        var again = try RuleLog(in: folder)
        #expect(try again.recover()?.applied == .zero)
        #expect(again.journal == other)
    }
}
