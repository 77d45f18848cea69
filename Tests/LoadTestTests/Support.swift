import Foundation
import Testing

@testable import LoadGenerator

/// The seed of a random test: from `VIGNETTE_SEED`, or a new one. It is printed, so that a failure can be replayed.
func testSeed(_ test: String = #function) -> UInt64 {
    let seed = ProcessInfo.processInfo.environment["VIGNETTE_SEED"].flatMap(UInt64.init) ?? .random(in: 1...999_999_999)
    print("\(test): VIGNETTE_SEED=\(seed)")
    return seed
}

func scenario(_ load: Load, paths: [String], order: Order = .listed) -> Scenario {
    Scenario(name: "test", load: load, traffic: [Traffic(name: "all", urls: .paths(paths), order: order)])
}

func result(of scenario: Scenario, on server: TestServer, checksImages: Bool = false) async throws -> LoadResult {
    let endpoint = try Endpoint("http://127.0.0.1:\(server.port)/demo")
    return try await LoadRun(scenario: scenario, endpoints: [endpoint], account: endpoint.path, checksImages: checksImages)
        .run { _ in }
}

/// A folder of the test's own, removed at its end.
func withTemporaryFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("loadtest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Feeds a reader with `text` in pieces of `size` bytes and returns what it said last.
func read(_ text: String, into reader: inout ResponseReader, pieces size: Int = .max) -> ResponseReader.Progress {
    let bytes = Array(text.utf8)
    var progress = ResponseReader.Progress.incomplete
    var position = 0
    while position < bytes.count, progress == .incomplete {
        let end = position + min(size, bytes.count - position)
        let piece = Array(bytes[position..<end])
        progress = reader.consume(piece.span)
        position = end
    }
    return progress
}
