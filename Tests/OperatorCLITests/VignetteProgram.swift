import Foundation
import TestPrograms
import Testing

extension Program {
    static func run(
        _ executable: URL, _ arguments: [String], environment: [String: String]
    ) async throws -> (status: Int32, output: String) {
        try await run([executable.path] + arguments, environment: environment)
    }

    /// `VIGNETTE_BIN`, or the folder that the tests themselves were built into.
    static func vignette() throws -> URL {
        let folder = ProcessInfo.processInfo.environment["VIGNETTE_BIN"].map { URL(filePath: $0) }
            ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let names = ["vignette", "OperatorCLI"].map { folder.appending(path: $0) }
        return try #require(names.first { FileManager.default.isExecutableFile(atPath: $0.path) }, "no vignette in \(folder.path)")
    }
}
