import Foundation
import NodeAgent
import Testing

@Suite struct SettingsTests {
    private let schema = SettingsSchema(["lease-seconds": .number, "signed-only": .flag, "origins": .texts, "order": .text])
    private enum Order: String, CaseIterable {
        case first, last
    }

    private let node = #""node": {"name": "n", "data": "/d", "token-file": "/t"}, "telemetry": {"port": 9}"#

    private func read(_ more: String) async throws -> String {
        let file = try Folder.make() + "/config.json"
        try Data("{\(node)\(more)}".utf8).write(to: URL(fileURLWithPath: file))
        let reader = try await NodeSettings.reader(file: file, schema: schema)
        let order: Order = try reader.choice(forKey: "order", default: .first)
        return try NodeSettings(reader).name + (order == .last ? " last" : "")
    }

    @Test func aRightFileIsTaken() async throws {
        #expect(try await read(#", "lease-seconds": 5, "signed-only": true, "origins": ["a", "b"]"#) == "n")
        #expect(try await read(#", "order": "last""#) == "n last")
    }

    /// A default that nobody asked for is worse than no start.
    @Test(arguments: [
        (#", "lease-seconds": "5""#, "lease-seconds is a whole number"),
        (#", "lease-seconds": true"#, "lease-seconds is a whole number"),
        (#", "lease-seconds": 5.5"#, "lease-seconds is a whole number"),
        (#", "signed-only": "yes""#, "signed-only is true or false"),
        (#", "signed-only": 1"#, "signed-only is true or false"),
        (#", "origins": "http://x""#, "origins is a list of texts"),
        (#", "lease-second": 5"#, "lease-second\", which is no setting"),
        (#", "log": {"level": "loud"}"#, "log.level is \"loud\""),
        (#", "order": "best""#, "order is \"best\"; it is \"first\" or \"last\"."),
        (#", "x""#, "is no JSON"),
    ])
    func aWrongOneIsRefusedByItsKey(more: String, words: String) async throws {
        await #expect {
            try await read(more)
        } throws: { error in
            "\(error)".contains(words)
        }
    }
}
