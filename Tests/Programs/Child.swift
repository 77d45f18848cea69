internal import CPrograms
internal import Foundation
internal import Glibc

/// A process started by a test, that has nothing of the test's but what it is given.
///
/// Foundation's `Process` waits for the end of a socket which every process started meanwhile inherits, and so for the
/// end of processes that have nothing to do with it.
public struct Child: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let pid: Int32

    /// - Parameters:
    ///   - words: the program, looked for in `PATH`, and its arguments.
    ///   - environment: nil for the test's own.
    ///   - folder: where it runs; nil for the test's own.
    ///   - input: a descriptor, nil for nothing.
    ///   - output: where it and its errors go: a descriptor, nil for nowhere.
    ///   - errors: a descriptor, nil for where the output goes.
    public init(
        _ words: [String], environment: [String: String]? = nil, folder: String? = nil, input: CInt? = nil,
        output: CInt? = nil, errors: CInt? = nil
    ) throws {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        var arguments = words.map { strdup($0) } + [nil]
        var variables = (environment ?? ProcessInfo.processInfo.environment).map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var pid: pid_t = 0
        let (said, faults) = (output ?? nothing, errors ?? output ?? nothing)
        let code = programs_spawn(&pid, folder, input ?? nothing, said, faults, &arguments, &variables)
        guard code == 0 else { throw Failure(description: "\(words[0]) does not start: \(String(cString: strerror(code)))") }
        self.pid = pid
    }

    /// Blocks until it has ended. To be called once.
    /// - Returns: its exit status, or 128 and the number of the signal that ended it, as shells say it.
    @discardableResult
    public func wait() -> Int32 {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
