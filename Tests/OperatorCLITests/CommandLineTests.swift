import ArgumentParser
import Foundation
import TestPrograms
import Testing

@testable import OperatorCLI

@Suite("The command line")
struct CommandLineTests {
    @Test("what is to be purged is understood", arguments: [
        (["purge", "http://127.0.0.1:8001/demo/tr:w-600/a.jpg"], ClusterCommand.Scope.url("http://127.0.0.1:8001/demo/tr:w-600/a.jpg")),
        (["purge", "--source", "/folder/a b.jpg"], .source("folder/a b.jpg")),
        (["purge", "http://h/demo/lakes/2025*"], .url("http://h/demo/lakes/2025*")),
        (["purge", "--prefix", "/lakes/"], .prefix("lakes/")),
        (["purge", "--prefix", "lakes/2025*"], .prefix("lakes/2025")),
        (["purge", "--soft", "--tag", "season 3"], .tag("season 3")),
        (["purge", "--site", "shop"], .site("shop")),
        (["purge", "--all"], .all),
    ])
    func scopes(arguments: [String], scope: ClusterCommand.Scope) throws {
        let purge = try #require(Vignette.parseAsRoot(arguments) as? Purge)

        #expect(try purge.scope() == scope)
    }

    @Test("waiting is asked for, and bounded")
    func waiting() throws {
        let quick = try #require(Vignette.parseAsRoot(["erase", "a.jpg"]) as? Erase)
        let patient = try #require(Vignette.parseAsRoot(["erase", "a.jpg", "--wait"]) as? Erase)
        let bounded = try #require(Vignette.parseAsRoot(["lift", "a.jpg", "--wait", "--timeout", "5"]) as? Lift)

        #expect(quick.wait.limit == nil)
        #expect(patient.wait.limit == .seconds(900))
        #expect(bounded.wait.limit == .seconds(5))
    }

    @Test("a wrong command line ends with 2 and says what is wrong", arguments: [
        (["purge"], "What is to be purged?"),
        (["purge", "--all", "--source", "a.jpg"], "only one of"),
        (["purge", "demo/a.jpg"], "'demo/a.jpg' is no URL"),
        (["purge", "http://"], "'http://' is no URL"),
        (["purge", "http://h/a b.jpg"], "is no URL"),
        (["purge", "--tag", "a", "--prefix", "b"], "only one of"),
        (["purge", "--prefix", "/*"], "prefix is empty"),
        (["purge", "--tag", ""], "tag is empty"),
        (["purge", "--source", "/"], "is empty"),
        (["erase", "http://h/a.jpg"], "named by its path in storage"),
        (["erase"], "Missing expected argument"),
        (["lift", "a.jpg", "--timeout", "0"], "above 0"),
        (["status", "latest"], "invalid"),
        (["where"], "Missing expected argument"),
        (["where", "http://h/a.jpg"], "named by its path in storage"),
        (["forget"], "Missing expected argument"),
        (["receipt", "verify", "a.json"], "Missing expected argument"),
        (["pruge", "--all"], "Unknown option"),
    ])
    func usage(arguments: [String], words: String) async throws {
        let (status, output) = try await vignette(arguments)

        #expect(status == 2)
        #expect(try output.contains(Regex(words)), "\(output)")
    }

    @Test("without a cluster.json the CLI tells how to name one")
    func noCluster() async throws {
        let (status, output) = try await vignette(["purge", "--all"])

        #expect(status == 1)
        #expect(output.hasPrefix("vignette: Which cluster? Name its cluster.json: `--cluster DIR/cluster.json`, or VIGNETTE_CLUSTER"))
    }

    @Test("a cluster that is not there is named", arguments: [
        (nil, "cannot be read. Is the cluster up?"), ("{}", "there is no 'account'."), ("[", "it is not JSON."),
        (#"{"account": "demo", "apiURL": "http://127.0.0.1:1", "privateKey": 5, "nodes": []}"#, "'privateKey' has the wrong type."),
        (#"{"account": "demo", "apiURL": "http://127.0.0.1:1", "privateKey": "k", "nodes": []}"#, "http://127.0.0.1:1 does not answer"),
    ])
    func badCluster(content: String?, words: String) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "vignette-\(UUID().uuidString).json")
        if let content { try Data(content.utf8).write(to: file) }
        let (status, output) = try await vignette(["status"], environment: ["VIGNETTE_CLUSTER": file.path])
        try? FileManager.default.removeItem(at: file)

        #expect(status == 1)
        #expect(output.contains(words), "\(output)")
    }

    @Test("declaring a node dead is told to be dangerous, whatever comes of it")
    func warning() async throws {
        let (status, output) = try await vignette(["declare-dead", "edge-2"])

        #expect(status == 1)
        #expect(output.hasPrefix("Warning: This waits for no lease. If the node's process still runs"))
    }

    @Test("help is no error")
    func help() async throws {
        let (status, output) = try await vignette(["purge", "--help"])

        #expect(status == 0)
        #expect(output.contains("--source <path>"))
    }

    private func vignette(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        try await Program.run(Program.vignette(), arguments, environment: environment)
    }
}
