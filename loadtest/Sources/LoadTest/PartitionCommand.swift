public import ArgumentParser
import Foundation
public import LoadGenerator

struct PartitionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition",
        abstract: "Cuts off, stops and mistimes edges of a cluster of its own under load, and checks that nothing forbidden is answered.",
        discussion: """
            One origin and three edges with a lease of 3 s, each edge behind a relay. VIGNETTE_BIN names the folder of the \
            executables, as for cluster/up. Exit status: 0 the promise held, 1 it did not, or the cluster could not be run.
            """
    )

    @Option(help: "Faults, one after the other.")
    var episodes = 60

    @Option(name: .customLong("fault"), help: "This fault only.")
    var fault: PartitionFault?

    @Flag(help: "Edges in network namespaces whose cables are pulled, instead of relays. Needs root and iproute2.")
    var namespaces = false

    @OptionGroup var proof: ProofOptions

    func run() async throws {
        let partition = PartitionRun(
            seed: proof.seed ?? .random(in: 0...999_999_999), episodes: episodes, seconds: proof.seconds, tools: proof.scripts,
            fakeTimeLibrary: Self.fakeTimeLibrary, onlyFault: fault, namespaced: namespaces)
        try await proof.show { try partition.run(tell: $0) }
    }

    /// Debian's package faketime puts it into a folder of its own below the machine's libraries.
    private static var fakeTimeLibrary: String? {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return folders.sorted().map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }
}

extension PartitionFault: ExpressibleByArgument {}
