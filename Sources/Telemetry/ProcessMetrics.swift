internal import Glibc

extension MetricsRegistry {
    /// Adds what every Prometheus client tells of its process, under the usual names, read at each scrape.
    public func addProcessMetrics() {
        let start = ProcessStatistics.startTime()
        gauge("process_start_time_seconds", help: "Start of the process since the epoch in seconds.") { start }
        counter("process_cpu_seconds_total", help: "CPU time spent in user and system mode in seconds.") {
            ProcessStatistics.cpuSeconds()
        }
        gauge("process_resident_memory_bytes", help: "Resident memory in bytes.") {
            ProcessStatistics.memory().resident
        }
        gauge("process_virtual_memory_bytes", help: "Virtual memory in bytes.") {
            ProcessStatistics.memory().virtual
        }
        gauge("process_open_fds", help: "Open file descriptors.") { ProcessStatistics.openDescriptors() }
        gauge("process_max_fds", help: "Limit of open file descriptors.") { ProcessStatistics.descriptorLimit() }
        gauge("process_threads", help: "Threads of the process.") { ProcessStatistics.threads() }
    }
}

/// Readings of `/proc/self` (proc(5)) and getrusage(2). What cannot be read is NaN, as Prometheus means it.
enum ProcessStatistics {
    static func cpuSeconds() -> Double {
        var usage = rusage()
        guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return .nan }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    static func memory() -> (resident: Double, virtual: Double) {
        let pages = read("/proc/self/statm").split(separator: " ").prefix(2).compactMap { Double($0) }
        guard pages.count == 2 else { return (.nan, .nan) }
        let pageBytes = Double(sysconf(CInt(_SC_PAGESIZE)))
        return (pages[1] * pageBytes, pages[0] * pageBytes)
    }

    static func openDescriptors() -> Double {
        guard let folder = opendir("/proc/self/fd") else { return .nan }
        defer { closedir(folder) }
        var entries = 0
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { entries += 1 }
        }
        return Double(entries - 1)  // without the one that reads the folder
    }

    static func descriptorLimit() -> Double {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .nan }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }

    static func threads() -> Double {
        statistics(field: 20) ?? .nan
    }

    static func startTime() -> Double {
        guard let ticks = statistics(field: 22) else { return .nan }
        let boot = read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let boot, let seconds = Double(boot.dropFirst("btime ".count)) else { return .nan }
        return seconds + ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
    }

    /// A field of `/proc/self/stat`, counted from 1 as proc(5) does.
    private static func statistics(field: Int) -> Double? {
        let text = read("/proc/self/stat")
        // The second field, the program's name, may hold spaces and brackets: count from behind it.
        guard let name = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > field - 3 else { return nil }
        return Double(fields[field - 3])
    }

    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            text.append(contentsOf: chunk[..<count])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
