import ArgumentParser
import Foundation
import LoadGenerator

/// What a partition proof runs inside an edge's network namespace.
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Passes TCP connections on, until its standard input ends.", shouldDisplay: false)

    @Argument(help: "ADDRESS:PORT=ADDRESS:PORT: listens at the first and passes on to the second.")
    var ports: [String]

    func run() async throws {
        do { try RelayService.start(ports) } catch {
            FileHandle.standardError.write(Data("vignette-loadtest: \(error)\n".utf8))
            throw ExitCode(1)
        }
        _ = try await OwnThread.run { try FileHandle.standardInput.readToEnd() }
    }
}
