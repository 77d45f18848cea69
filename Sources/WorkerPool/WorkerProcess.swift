internal import CProcess
internal import Glibc
internal import WorkerProtocol

/// A running `vignette-worker` and this side's end of the connection to it. Owned by the pool's thread.
struct WorkerProcess {
    let id: pid_t
    let socket: WorkerSocket

    /// Must be called on the pool's thread: the kernel ends the worker when the thread that started it ends.
    static func start(_ configuration: WorkerPoolConfiguration) throws(SystemError) -> WorkerProcess {
        let (ours, theirs) = try WorkerSocket.pair()
        let arguments = WorkerArguments(
            parent: getpid(), memoryBytes: configuration.memoryBytes,
            outputBytes: configuration.limits.outputBytes)
        let line = CStrings([configuration.executable] + arguments.commandLine)
        let environment = CStrings(inheritedEnvironment())
        var id: pid_t = 0
        let status = vignette_spawn(
            configuration.executable, line.pointers, environment.pointers, theirs.descriptor, &id)
        withExtendedLifetime((line, environment)) {}
        guard status == 0 else { throw SystemError("starting \(configuration.executable)", errno: -status) }
        return WorkerProcess(id: id, socket: ours)
    }

    /// The worker sees nothing of this process's environment but where libraries, fonts and their caches are.
    private static func inheritedEnvironment() -> [String] {
        let names = ["PATH", "HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "FONTCONFIG_PATH"]
        let kept = names.compactMap { name in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        return kept + ["LC_ALL=C.UTF-8", "VIPS_CONCURRENCY=1", "SWIFT_BACKTRACE=enable=no"]
    }

    func kill() {
        _ = Glibc.kill(id, SIGKILL)
    }

    /// Makes sure that the process is gone and says how it ended.
    func reap() -> String {
        // It has closed its socket, so it is ending or broken; one that is ending keeps its own status.
        kill()
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 {
            guard errno == EINTR else { return "its end was not seen" }
        }
        let signal = status & 0x7F
        return signal == 0 ? "exit status \((status >> 8) & 0xFF)" : "signal \(signal)"
    }
}

/// A null-terminated list of C strings.
private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) {
        pointers = strings.map { strdup($0) } + [nil]
    }

    deinit {
        pointers.forEach { free($0) }
    }
}
