internal import Glibc

/// Wakes one thread. A ring that comes while nobody waits is kept for the next wait.
final class Doorbell: @unchecked Sendable {
    // @unchecked: `rung` is read and written under `mutex` only; the two pthread objects are made for sharing and stay at
    // one address from init to deinit.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var rung = false

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A set wall clock must neither hold up nor hurry a checkpoint.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func ring() {
        pthread_mutex_lock(mutex)
        let wasRung = rung
        rung = true
        pthread_mutex_unlock(mutex)
        if !wasRung { pthread_cond_signal(condition) }
    }

    /// Returns when it is rung or the time has come.
    func wait(until deadline: MonotonicTime) {
        var time = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        pthread_mutex_lock(mutex)
        while !rung {
            if pthread_cond_timedwait(condition, mutex, &time) != 0 { break }
        }
        rung = false
        pthread_mutex_unlock(mutex)
    }
}

struct MonotonicTime: Comparable {
    var nanoseconds: UInt64

    static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    func advanced(byMilliseconds milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds + UInt64(milliseconds) * 1_000_000)
    }

    func milliseconds(since earlier: MonotonicTime) -> Int {
        Int((nanoseconds - earlier.nanoseconds) / 1_000_000)
    }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
