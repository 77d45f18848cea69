@testable import SourceStorage
import Synchronization
import Testing

@Suite struct OrderedStoragesTests {
    /// Holds what it is given, and remembers what it was asked.
    final class Shelf: SourceStorage {
        let id: String
        let failure: StorageError.Code?
        let asked = Mutex<[String]>([])

        init(_ id: String, failure: StorageError.Code? = nil) {
            self.id = id
            self.failure = failure
        }

        func read(
            _ key: String, query: String, limits: ReadLimits, validators: Validators?
        ) async throws(StorageError) -> StorageAnswer {
            asked.withLock { $0.append("\(key)?\(query) \(validators?.etag ?? "-")") }
            if let failure {
                throw StorageError(failure, storage: id, message: "\(id) has no \(key).")
            }
            return .object(SourceObject(body: Array(id.utf8)))
        }
    }

    private func locations(_ ids: String...) -> [OrderedStorages.Location] {
        ids.map { .init(storage: $0, key: "in-\($0)", query: "q") }
    }

    @Test func goesOnFromMissingAndTellsWhoAnswered() async throws {
        let shelves = [Shelf("a", failure: .notFound), Shelf("b"), Shelf("c")]
        let found = try await OrderedStorages(shelves).read(locations("a", "b", "c"))
        #expect(found.location == locations("b")[0])
        guard case .object(let object) = found.answer else { return #expect(Bool(false)) }
        #expect(object.body == Array("b".utf8))
        #expect(shelves.map { $0.asked.withLock { $0 } } == [["in-a?q -"], ["in-b?q -"], []])
    }

    @Test(arguments: [
        StorageError.Code.denied, .timeout, .unreachable, .tooLarge, .truncated, .badAnswer(status: 500),
        .addressRefused,
    ])
    func stopsAtAnyOtherFailure(_ code: StorageError.Code) async {
        let shelves = [Shelf("a", failure: code), Shelf("b")]
        let error = await failure { () throws(StorageError) in
            try await OrderedStorages(shelves).read(locations("a", "b"))
        }
        #expect(error?.code == code)
        #expect(shelves[1].asked.withLock { $0 } == [])
    }

    @Test func namesEveryPlaceThatHasNone() async {
        let shelves = [Shelf("a", failure: .notFound), Shelf("b", failure: .notFound)]
        let error = await failure { () throws(StorageError) in
            try await OrderedStorages(shelves).read(locations("a", "b"))
        }
        #expect(error?.code == .notFound)
        #expect(error?.message == "a has no in-a. b has no in-b.")
    }

    @Test func sendsValidatorsOnlyWhereTheyComeFrom() async throws {
        let shelves = [Shelf("a", failure: .notFound), Shelf("b")]
        let held = (location: locations("b")[0], validators: Validators(etag: "1"))
        _ = try await OrderedStorages(shelves).read(locations("a", "b"), held: held)
        #expect(shelves.map { $0.asked.withLock { $0 } } == [["in-a?q -"], ["in-b?q 1"]])
        // The same letters in another encoding are another object.
        let composed = OrderedStorages.Location(storage: "b", key: "\u{e9}")
        _ = try await OrderedStorages(shelves).read(
            [composed], held: (location: .init(storage: "b", key: "e\u{301}"), validators: Validators(etag: "1")))
        #expect(shelves[1].asked.withLock { $0.last } == "\u{e9}? -")
    }

    @Test func saysWhenThereIsNothingToAsk() async {
        let unknown = await failure { () throws(StorageError) in try await OrderedStorages([]).read(locations("x")) }
        #expect(unknown?.code == .badAnswer(status: 0))
        #expect(unknown?.message.contains("\"x\"") == true)
        let none = await failure { () throws(StorageError) in try await OrderedStorages([]).read([]) }
        #expect(none?.code == .notFound)
    }
}
