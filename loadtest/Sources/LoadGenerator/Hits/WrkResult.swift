internal import Foundation

/// What wrk says of one round, by the line that `script` lets it write at its end.
struct WrkResult: Codable, Equatable {
    var requests: Int
    /// Heads and bodies, those of answers that were cut off by the end too.
    var bytes: Int
    var microseconds: Int
    /// Microseconds.
    var p50: Int
    var p99: Int
    /// By kind; the kinds are wrk's.
    var connect: Int
    var read: Int
    var write: Int
    var status: Int
    var timeout: Int

    var figures: GeneratorResult {
        let errors = [
            "connections refused": connect, "read errors": read, "write errors": write,
            "statuses of 400 or more": status, "timeouts": timeout,
        ]
        return GeneratorResult(
            generator: "wrk", requests: requests, bytes: bytes, microseconds: microseconds, p50: p50, p99: p99,
            errors: errors.filter { $0.value > 0 })
    }

    /// Asks for `arguments[2]`0, `arguments[2]`1, … again and again, by requests that are formatted before the clock
    /// starts: to format them costs the generator as much as to send them.
    static let script = """
        local requests, last = {}, 0
        function init(arguments)
            for number = 1, tonumber(arguments[1]) do
                requests[number] = wrk.format("GET", arguments[2] .. (number - 1))
            end
        end
        function request()
            last = last % #requests + 1
            return requests[last]
        end
        function done(summary, latency)
            local errors = summary.errors
            io.write(string.format(
                '{"requests": %d, "bytes": %d, "microseconds": %d, "p50": %d, "p99": %d, "connect": %d, "read": %d, '
                    .. '"write": %d, "status": %d, "timeout": %d}\\n',
                summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
                errors.connect, errors.read, errors.write, errors.status, errors.timeout))
        end

        """

    init(
        requests: Int, bytes: Int, microseconds: Int, p50: Int, p99: Int,
        errors: (connect: Int, read: Int, write: Int, status: Int, timeout: Int) = (0, 0, 0, 0, 0)
    ) {
        (self.requests, self.bytes, self.microseconds, self.p50, self.p99) = (requests, bytes, microseconds, p50, p99)
        (connect, read, write, status, timeout) = errors
    }

    /// - Parameter output: everything that wrk wrote.
    /// - Throws: when the script's line is not in it.
    init(output: String) throws {
        let line = output.split(separator: "\n").last { $0.hasPrefix("{") }
        guard let line, let result = try? JSONDecoder().decode(WrkResult.self, from: Data(line.utf8)) else {
            throw LoadTestError(.tool, "wrk gave no result. It wrote: \(output.isEmpty ? "nothing" : output)")
        }
        self = result
    }
}
