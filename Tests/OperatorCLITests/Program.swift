import Foundation
import Testing

/// A process run to its end, off the threads that tests run on.
enum Program {
    static func run(
        _ executable: URL, _ arguments: [String], environment: [String: String]
    ) async throws -> (status: Int32, output: String) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try runBlocking(executable, arguments, environment) })
            }
        }
    }

    /// Output goes to a file: a pipe would stay open as long as what the process left running.
    private static func runBlocking(
        _ executable: URL, _ arguments: [String], _ environment: [String: String]
    ) throws -> (status: Int32, output: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "vignette-output-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
    }

    /// `VIGNETTE_BIN`, or the folder that the tests themselves were built into.
    static func vignette() throws -> URL {
        let folder = ProcessInfo.processInfo.environment["VIGNETTE_BIN"].map { URL(filePath: $0) }
            ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let names = ["vignette", "OperatorCLI"].map { folder.appending(path: $0) }
        return try #require(names.first { FileManager.default.isExecutableFile(atPath: $0.path) }, "no vignette in \(folder.path)")
    }
}
