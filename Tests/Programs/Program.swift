internal import CPrograms
internal import Foundation
internal import Glibc

/// Programs that are run to their end.
public enum Program {
    /// Off the threads that tests run on, which are few.
    /// - Parameter input: what it reads.
    /// - Returns: its exit status, and what it said: its output and its errors as they came.
    public static func run(
        _ words: [String], environment: [String: String]? = nil, folder: String? = nil, input: [UInt8] = []
    ) async throws -> (status: Int32, output: String) {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try runBlocking(words, environment: environment, folder: folder, input: input) })
            }
        }
    }

    /// For what is sure to end soon.
    public static func runBlocking(
        _ words: [String], environment: [String: String]? = nil, folder: String? = nil, input: [UInt8] = []
    ) throws -> (status: Int32, output: String) {
        // Files, not pipes: a pipe stays open as long as what the program left running.
        let (said, given) = (try NamelessFile(), try NamelessFile(holding: input))
        let child = try Child(
            words, environment: environment, folder: folder, input: given.descriptor, output: said.descriptor)
        let status = child.wait()
        return (status, String(decoding: try said.bytes(), as: UTF8.self))
    }
}

/// A file in memory that goes with its descriptor.
private final class NamelessFile {
    let descriptor: CInt

    init(holding bytes: [UInt8] = []) throws {
        descriptor = programs_nameless_file()
        guard descriptor >= 0 else { throw Child.Failure(description: "no file in memory: errno \(-descriptor)") }
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw Child.Failure(description: "a file in memory cannot be written: errno \(errno)")
        }
    }

    deinit { close(descriptor) }

    func bytes() throws -> [UInt8] {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: size)
        guard pread(descriptor, &bytes, size, 0) == size else {
            throw Child.Failure(description: "a file in memory cannot be read: errno \(errno)")
        }
        return bytes
    }
}
