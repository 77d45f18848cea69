internal import Glibc
internal import NIOCore

/// Nanoseconds of the clock that the event loops schedule by.
func monotonicNow() -> UInt64 {
    NIODeadline.now().uptimeNanoseconds
}

func nanoseconds(_ seconds: Double) -> UInt64 {
    UInt64(seconds * 1e9)
}

/// Nanoseconds of CPU that the calling thread has used.
func threadCPUTime() -> UInt64 {
    cpuTime(CLOCK_THREAD_CPUTIME_ID)
}

/// Nanoseconds of CPU that the process has used.
func processCPUTime() -> UInt64 {
    cpuTime(CLOCK_PROCESS_CPUTIME_ID)
}

/// Nanoseconds of CPU that another process has used, its ended threads included; 0 when there is none.
func cpuTime(ofProcess pid: pid_t) -> UInt64 {
    var clock = clockid_t()
    return clock_getcpuclockid(pid, &clock) == 0 ? cpuTime(clock) : 0
}

private func cpuTime(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
