internal import Foundation
internal import Synchronization

/// The folder that the cluster reads its source images from, and what version of each lies in it.
final class SourceShelf: Sendable {
    let folder: String
    let count: Int
    private let seed: UInt64
    private let versions: Mutex<[Int]>

    /// - Throws: when the folder can't be written.
    init(folder: String, sources: Int, seed: UInt64) throws {
        self.folder = folder
        self.seed = seed
        count = sources
        versions = Mutex(Array(repeating: 0, count: sources))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for source in 0..<sources { try write(0, of: source) }
    }

    static func name(of source: Int) -> String { "s\(source).png" }

    /// Puts the next version in the old one's place, in one step: no reader finds half a file or none.
    func replace(_ source: Int) throws {
        let next = versions.withLock { $0[source] + 1 }
        try write(next, of: source)
        // Only after it lies there: a command issued from now on demands it.
        versions.withLock { $0[source] = next }
    }

    /// What lies there now, for the sources of a scope.
    func versions(of scope: ProofScope) -> [Int: Int] {
        versions.withLock { versions in
            switch scope {
            case .url(let source, _), .source(let source): [source: versions[source]]
            case .all: Dictionary(uniqueKeysWithValues: versions.enumerated().map { ($0, $1) })
            }
        }
    }

    private func write(_ version: Int, of source: Int) throws {
        let bytes = VersionedPicture.png(version: version, seed: seed &+ UInt64(source))
        let path = "\(folder)/\(Self.name(of: source))"
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
