import Foundation
import Testing

@testable import LoadGenerator

@Suite struct ScenarioTests {
    private func decode(_ json: String) throws -> Scenario {
        try JSONDecoder().decode(Scenario.self, from: Data(json.utf8))
    }

    private func targets(_ source: URLSource) throws -> [String] {
        let table = try URLTable(source, account: "demo", name: "test")
        return (0..<table.count).map { String(decoding: table[$0], as: UTF8.self) }
    }

    @Test("A template enumerates every combination once")
    func template() throws {
        let scenario = try decode("""
            {"name": "x", "load": {"model": "open", "rate": 10}, "traffic": [{
              "template": "/{account}/tr:w-{width},q-{q}/{photo}?v=1",
              "lists": {"width": {"from": 100, "through": 300, "by": 100}, "q": [50, "80"], "photo": ["a.jpg", "b/c.png"]}
            }]}
            """)
        let all = try targets(scenario.traffic[0].urls)
        #expect(all.count == 12)
        #expect(Set(all).count == 12)
        #expect(all.first == "/demo/tr:w-100,q-50/a.jpg?v=1")
        #expect(all.last == "/demo/tr:w-300,q-80/b/c.png?v=1")
    }

    @Test("Defaults are what the documentation says")
    func defaults() throws {
        let scenario = try decode(#"{"name": "x", "load": {"model": "open", "rate": 10}, "traffic": [{"paths": ["/a"]}]}"#)
        #expect(scenario == {
            var expected = Scenario(
                name: "x", load: .open(rate: 10, maxConnections: 256),
                traffic: [Traffic(name: "all", weight: 1, urls: .paths(["/a"]), order: .zipf(exponent: 0.9), prime: false)]
            )
            expected.durationSeconds = 20
            expected.warmupSeconds = 0
            expected.timeoutSeconds = 30
            expected.seed = 1
            return expected
        }())
    }

    @Test("A mistake in a scenario is named", arguments: [
        (#"{"name": "x", "laod": 1, "load": {"model": "closed", "connections": 1}, "traffic": []}"#, "laod"),
        (#"{"name": "x", "load": {"model": "half-open"}, "traffic": []}"#, "half-open"),
        (#"{"name": "x", "load": {"model": "open"}, "traffic": []}"#, "rate"),
        (#"{"name": "x", "load": {"model": "closed", "connections": 1}, "traffic": [{"paths": ["/a"], "file": "b"}]}"#, "exactly one"),
        (#"{"name": "x", "load": {"model": "closed", "connections": 1}, "traffic": [{"paths": ["/a"], "order": "random"}]}"#, "random"),
    ])
    func mistakes(json: String, named: String) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("scenario.json")
            try Data(json.utf8).write(to: file)
            let error = #expect(throws: LoadTestError.self) { try ScenarioResolver.read(file.path) }
            #expect(error?.code == .scenario)
            #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
        }
    }

    @Test("A template that does not fit its lists is refused", arguments: [
        ("/{width}", [:], "{width}"),
        ("/a", ["width": ValueList.values(["1"])], "width"),
        ("/{w}/{w}", ["w": .values(["1"])], "twice"),
        ("/{w", ["w": .values(["1"])], "no }"),
        ("/{w}", ["w": .values([])], "empty"),
        ("/{w}", ["w": .values(["a b"])], "a b"),
        ("no-slash", [:], "no-slash"),
        ("/{w}", ["w": .range(from: 5, through: 1, by: 1)], "range"),
        ("/{a}/{b}", ["a": .range(from: 1, through: 4_000, by: 1), "b": .range(from: 1, through: 4_000, by: 1)], "more than"),
    ] as [(String, [String: ValueList], String)])
    func templateMistakes(template: String, lists: [String: ValueList], named: String) throws {
        let error = #expect(throws: LoadTestError.self) { try targets(.template(template, lists: lists)) }
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
    }

    @Test("Photos come from the folder that the running cluster serves")
    func clusterPhotos() throws {
        try withTemporaryFolder { folder in
            let photos = folder.appendingPathComponent("photos")
            try FileManager.default.createDirectory(at: photos.appendingPathComponent("trip"), withIntermediateDirectories: true)
            for name in ["trip/sea & sky.jpg", "trip/B.PNG", "notes.txt"] {
                try Data().write(to: photos.appendingPathComponent(name))
            }
            try Data(#"[{"id": "w", "type": "web-folder", "baseURL": "x"}, {"id": "p", "type": "local", "folder": "\#(photos.path)"}]"#.utf8)
                .write(to: folder.appendingPathComponent("storages.json"))
            let file = folder.appendingPathComponent("cluster.json")
            try Data("""
                {"account": "demo", "endpoint": "http://127.0.0.1:8001/demo", "privateKey": "s", "publicKey": "p", "apiURL": "http://127.0.0.1:8100",
                 "nodes": [{"name": "origin-1", "role": "origin", "pid": 1},
                           {"name": "edge-1", "role": "edge", "pid": 2, "publicURL": "http://127.0.0.1:8001"},
                           {"name": "edge-2", "role": "edge", "pid": 3, "publicURL": "http://127.0.0.1:8002"}]}
                """.utf8).write(to: file)
            let cluster = try ClusterFile(path: file.path)
            #expect(cluster.account == "demo")
            #expect(cluster.endpoints.map(\.url) == ["http://127.0.0.1:8001", "http://127.0.0.1:8002"])

            var scenario = scenario(.closed(connections: 1), paths: [])
            scenario.traffic[0].urls = .template("/{account}/{photo}", lists: ["photo": .cluster("photos")])
            let resolved = try ScenarioResolver(folder: folder.path, cluster: cluster).resolve(scenario)
            #expect(try targets(resolved.traffic[0].urls) == ["/demo/trip/B.PNG", "/demo/trip/sea%20%26%20sky.jpg"])
            #expect(throws: LoadTestError.self) { try ScenarioResolver(folder: folder.path, cluster: nil).resolve(scenario) }
        }
    }

    @Test("A list file and a URL file are read, comments and empty lines left out")
    func files() throws {
        try withTemporaryFolder { folder in
            try Data("# ours\n/a\n\n  /b?x=1  \n".utf8).write(to: folder.appendingPathComponent("urls.txt"))
            var scenario = scenario(.closed(connections: 1), paths: [])
            scenario.traffic[0].urls = .file("urls.txt")
            let resolved = try ScenarioResolver(folder: folder.path, cluster: nil).resolve(scenario)
            #expect(resolved.traffic[0].urls == .paths(["/a", "/b?x=1"]))
        }
    }

    @Test("The scenarios that ship can be run as they are", arguments: ["hot-hits", "mixed", "cold-misses"])
    func shipped(name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("loadtest/scenarios").path
        var resolver = ScenarioResolver(folder: folder, cluster: nil)
        resolver.lists["photo"] = .values(["a.jpg", "b.jpg"])
        let written = try ScenarioResolver.read("\(folder)/\(name).json")
        #expect(written.name == name)
        let resolved = try resolver.resolve(written)
        _ = try LoadRun(scenario: resolved, endpoints: [Endpoint("http://127.0.0.1:8001"), Endpoint("http://127.0.0.1:8002"), Endpoint("http://127.0.0.1:8003")], account: "demo")
        let again = try JSONDecoder().decode(Scenario.self, from: JSONEncoder().encode(resolved))
        #expect(again == resolved)
    }
}

@Suite struct EndpointTests {
    @Test("Loopback addresses are taken", arguments: [
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001", ""),
        ("http://127.8.9.10:80/demo/", "http://127.8.9.10:80", "demo"),
        ("HTTP://localhost/a/b", "http://localhost:80", "a/b"),
        ("http://[::1]:8001", "http://[::1]:8001", ""),
        ("http://[::ffff:127.0.0.1]:1", "http://[::ffff:127.0.0.1]:1", ""),
    ])
    func loopback(text: String, url: String, path: String) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.url == url)
        #expect(endpoint.path == path)
    }

    @Test("Everything else is refused before anything is connected", arguments: [
        "http://192.168.0.1:80", "http://10.0.0.1", "http://0.0.0.0:8001", "http://128.0.0.1", "http://example.com",
        "http://127.0.0.1.example.com", "http://127.0.0.1@example.com", "http://user@127.0.0.1", "http://127.1:80",
        "http://0x7f.0.0.1", "http://2130706433", "http://[::2]:80", "http://[::ffff:10.0.0.1]", "http://[::]:80",
        "http://localhost.example.com", "https://127.0.0.1", "127.0.0.1:8001", "http://", "http://127.0.0.1:0",
        "http://127.0.0.1:70000", "http://127.0.0.1/?x", "",
    ])
    func refused(text: String) {
        let error = #expect(throws: LoadTestError.self) { try Endpoint(text) }
        #expect(error?.code == .target)
    }
}
