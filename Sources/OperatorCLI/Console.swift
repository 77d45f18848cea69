import Foundation

/// Where the CLI writes: results to standard output, everything about how it goes to standard error.
struct Console: Sendable {
    var output: @Sendable (String) -> Void
    var notice: @Sendable (String) -> Void

    static let standard = Console(
        output: { line in try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8)) },
        notice: { line in try? FileHandle.standardError.write(contentsOf: Data("\(line)\n".utf8)) }
    )
}
