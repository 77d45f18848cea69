import CacheProtocol
import Foundation
import Testing

@testable import OriginServer

@Suite("The body of a command request")
struct CommandRequestTests {
    @Test("one command, one kind with many scopes, and many commands", arguments: [
        (#"{"kind": "soft-purge", "scope": {"tag": "t"}}"#, ["soft:tag t"], false),
        (#"{"kind": "purge", "scopes": [{"url": "u"}, {"prefix": "p"}, {"site": ""}, {"all": true}]}"#,
         ["hard:url u", "hard:prefix p", "hard:site ", "hard:all"], true),
        (#"{"commands": [{"kind": "erase", "scope": {"source": "s"}}, {"kind": "lift", "scope": {"source": "s"}}]}"#,
         ["erase:source s", "lift:source s"], true),
    ])
    func forms(body: String, orders: [String], isBulk: Bool) throws {
        let request = try read(body)

        #expect(try request.orders().map(words) == orders)
        #expect(request.isBulk == isBulk)
    }

    @Test("what makes no sense is refused whole", arguments: [
        "{}", #"{"kind": "purge"}"#, #"{"kind": "purge", "scopes": []}"#, #"{"kind": "configure", "scope": {"all": true}}"#,
        #"{"kind": "purge", "scope": {}}"#, #"{"kind": "purge", "scope": {"url": "a", "tag": "b"}}"#,
        #"{"kind": "purge", "scope": {"all": false}}"#, #"{"kind": "purge", "scope": {"tag": "t", "all": false}}"#,
        #"{"kind": "purge", "scope": {"node": "edge-1"}}"#, #"{"kind": "purge", "scope": {"configuration": true}}"#,
        #"{"kind": "purge", "scope": {"all": true}, "scopes": [{"all": true}]}"#,
        #"{"kind": "purge", "commands": [{"kind": "purge", "scope": {"all": true}}]}"#,
    ])
    func refused(body: String) throws {
        let request = try read(body)
        #expect(throws: CommandRefusal.self) { try request.orders() }
    }

    @Test("one of many that makes no sense is named, and none is taken")
    func oneOfMany() throws {
        let request = try read(#"{"kind": "purge", "scopes": [{"url": "a"}, {"ulr": "b"}]}"#)
        let refusal = #expect(throws: CommandRefusal.self) { try request.orders() }

        #expect(refusal?.description.hasPrefix("Number 2 of the commands, and so none of them, was taken: scope holds one of") == true)
    }

    @Test("500 commands are taken, 501 are not")
    func most() throws {
        for (count, isTaken) in [(500, true), (501, false)] {
            let scopes = Array(repeating: #"{"tag": "t"}"#, count: count).joined(separator: ",")
            let request = try read(#"{"kind": "purge", "scopes": [\#(scopes)]}"#)
            #expect(((try? request.orders()) != nil) == isTaken)
        }
    }

    @Test("who orders it is a short text")
    func author() throws {
        #expect(try read("{}").author() == "api")
        #expect(try read(#"{"by": "ann"}"#).author() == "ann")
        for by in ["", "a\\nb", String(repeating: "b", count: 201)] {
            let request = try read(#"{"by": "\#(by)"}"#)
            #expect(throws: CommandRefusal.self) { try request.author() }
        }
    }

    private func read(_ body: String) throws -> CommandRequest {
        try JSONDecoder().decode(CommandRequest.self, from: Data(body.utf8))
    }

    private func words(_ order: (kind: CommandKind, subject: CommandSubject)) -> String {
        let kinds: [CommandKind: String] = [.hardPurge: "hard", .softPurge: "soft", .erase: "erase", .lift: "lift"]
        let subject =
            switch order.subject {
            case .url(let text): "url \(text)"
            case .source(let text): "source \(text)"
            case .prefix(let text): "prefix \(text)"
            case .tag(let text): "tag \(text)"
            case .site(let text): "site \(text)"
            case .all: "all"
            }
        return "\(kinds[order.kind] ?? "?"):\(subject)"
    }
}
