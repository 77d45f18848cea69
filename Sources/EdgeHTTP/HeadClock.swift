internal import Glibc

/// The wall clock as heads tell it: texts are made anew once a second.
struct HeadClock {
    private var second = Int64.min
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private(set) var date = ""
    /// A hit's status line, its date, and the name of what follows.
    private(set) var hitStart: [UInt8] = []

    /// - Returns: Milliseconds since 1970.
    mutating func read() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        if Int64(time.tv_sec) != second {
            second = Int64(time.tv_sec)
            date = HTTPDate.text(second)
            hitStart.removeAll(keepingCapacity: true)
            hitStart.append("HTTP/1.1 200 OK\r\nDate: ")
            hitStart.append(date)
            hitStart.append("\r\nAge: ")
        }
        return second * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
