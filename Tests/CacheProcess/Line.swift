import Glibc

/// Lines in and out over the socket that is standard input. `send` and `recv`, because tests make `read` and `write` fail.
enum Line {
    nonisolated(unsafe) private static var rest: [UInt8] = []  // only the main thread reads

    /// Nil when the other side is gone.
    static func read() -> String? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeFirst(end + 1) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            var piece = [UInt8](repeating: 0, count: 4096)
            let got = recv(0, &piece, piece.count, 0)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            rest += piece[..<got]
        }
    }

    static func write(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes { send(0, $0.baseAddress?.advanced(by: done), $0.count - done, Int32(MSG_NOSIGNAL)) }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { exit(0) }
            done += put
        }
    }
}
