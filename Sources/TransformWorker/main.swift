internal import CProcess
internal import Glibc
internal import ImageTransform
internal import ImageURL
internal import Vips
internal import WorkerProtocol

vignette_tune_malloc()

/// Ends the process with a line for the origin's log.
func quit(_ reason: String, status: Int32 = 1) -> Never {
    let line = Array("vignette-worker: \(reason)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(status)
}

guard let arguments = WorkerArguments(commandLine: CommandLine.arguments.dropFirst()) else {
    quit("this program is started by vignette-origin, which talks to it over descriptor 3", status: 64)
}
let confinement = vignette_confinement(
    address_space_bytes: UInt64(arguments.memoryBytes), file_bytes: UInt64(arguments.outputBytes), open_files: 64)
let status = vignette_confine(arguments.parent, confinement)
guard status == 0 else {
    quit("cannot confine itself: \(SystemError("prctl or setrlimit", errno: -status))")
}

do {
    try VipsLibrary.start()
    let transformer = ImageTransformer()
    try transformer.warmUp()
    let socket = WorkerSocket(owned: 3)
    try socket.send(.ready)
    // One job at a time, on this thread, which is the one libvips was started on.
    while case .frame(.job(let job), let source?) = try socket.receive(waiting: true) {
        _ = vignette_limit_cpu(UInt64(job.cpuSeconds))
        let (answer, result) = perform(job, on: source, with: transformer)
        try socket.send(answer, with: result)
    }
} catch {
    quit("\(error)")
}
