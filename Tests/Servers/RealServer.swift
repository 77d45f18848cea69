internal import Foundation
internal import TestPrograms

/// A real server in a process of its own, which ends with this one. See `serve` beside this file.
public final class RealServer: Sendable {
    /// The first line of the server's output.
    public struct Face: Sendable, Decodable {
        public let port: UInt16
        /// Of an S3 server: under which names buckets are hosts, the bucket that is there, and access key and secret
        /// of `owner`, `reader` (of that bucket) and `stranger`.
        public let domain: String?
        public let bucket: String?
        public let keys: [String: [String]]?
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let face: Face

    /// Its closing, at the latest by the end of this process, is what ends the server.
    private let input: Pipe
    private let child: Child

    /// Installs the server where it is not, and returns when it answers.
    ///
    /// - Throws: ``Failure`` with the reason that `serve` gives.
    public static func start(_ arguments: String...) async throws -> RealServer {
        // On a thread of its own: an installation takes long, and reading blocks.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try RealServer(arguments) })
            }
        }
    }

    private init(_ arguments: [String]) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "serve").path
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        child = try Child(
            ["python3", script] + arguments, input: input.fileHandleForReading.fileDescriptor,
            output: output.fileHandleForWriting.fileDescriptor, errors: errors.fileHandleForWriting.fileDescriptor)
        // Or their ends would never come.
        try output.fileHandleForWriting.close()
        try errors.fileHandleForWriting.close()

        var line = Data()
        while line.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1),
            !byte.isEmpty
        {
            line += byte
        }
        guard !line.isEmpty else {
            let reason = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            throw Failure(description: "the server \(arguments) cannot be had: \(reason)")
        }
        face = try JSONDecoder().decode(Face.self, from: line)
        self.input = input
    }

    deinit {
        try? input.fileHandleForWriting.close()
        // The last to let go may be a test, on one of the few threads that all tests run on.
        Thread.detachNewThread { [child] in child.wait() }
    }

    public var url: String { "http://127.0.0.1:\(face.port)" }
}
