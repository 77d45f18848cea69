import Foundation
import Testing

@testable import Telemetry

@Suite("The access log")
struct AccessLogTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "vignette-access-\(UUID().uuidString)")
    private var file: String { folder.appending(path: "access.log").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    @Test("one line tells one request")
    func wholeLine() throws {
        try withLog { channel in
            channel.record(
                line(status: 200, cache: .miss, reason: "cold"), client: "127.0.0.1", target: "/demo/tr:w-300/a.jpg"
            )
            channel.record(line(status: 400, error: "EBADTR"), client: "::1", target: "/demo/tr:w-abc/a.jpg")
        }

        #expect(
            try written() == """
                time=2026-11-24T22:05:01.000042Z log=access node=edge-1 client=127.0.0.1 method=GET \
                target=/demo/tr:w-300/a.jpg status=200 bytes=1234 duration_us=85 cache=miss reason=cold
                time=2026-11-24T22:05:01.000042Z log=access node=edge-1 client=::1 method=GET \
                target=/demo/tr:w-abc/a.jpg status=400 bytes=1234 duration_us=85 error=EBADTR

                """
        )
        try FileManager.default.removeItem(at: folder)
    }

    @Test("nothing that a client sends breaks its line", arguments: [
        ("/a b", #"target="/a b""#), ("", #"target="""#), ("/a\"b\\c", #"target="/a\"b\\c""#), ("/?tr=w-1", #"target="/?tr=w-1""#),
        ("/x\nlog=forged", #"target="/x\nlog=forged""#), ("/\u{7f}\r\t\0", #"target="/\x7f\r\t\x00""#),
        ("/é", #"target="/\xc3\xa9""#),
    ])
    func hostileTargets(target: String, field: String) throws {
        try withLog { $0.record(line(status: 404), client: "127.0.0.1", target: target) }

        let text = try written()
        #expect(text.contains(" \(field) status=404 "))
        #expect(text.filter(\.isNewline).count == 1)
        try FileManager.default.removeItem(at: folder)
    }

    @Test("a target of any length costs a bounded line")
    func longTarget() throws {
        try withLog { channel in
            channel.record(line(status: 414), client: "127.0.0.1", target: "/" + String(repeating: "x", count: 100_000))
        }

        let text = try written()
        #expect(text.contains("target=/\(String(repeating: "x", count: 2047))... status=414"))
        try FileManager.default.removeItem(at: folder)
    }

    @Test("a full channel drops lines, counts them, and goes on once there is room")
    func bounded() throws {
        let registry = MetricsRegistry()
        var configuration = AccessLogConfiguration(node: "edge-1")
        configuration.channelBytes = 1000
        let dropped = registry.counter("vignette_access_lines_dropped_total", help: "Lost lines.")
        // Without a writer behind it nothing is drained until the test does it.
        let channel = AccessChannel(configuration: configuration, dropped: dropped, bell: try AccessLogBell())
        for _ in 0..<100 {
            channel.record(line(status: 200, cache: .hit), client: "127.0.0.1", target: "/demo/a.jpg")
        }
        var lines: [UInt8] = []
        channel.drain(into: &lines)
        let held = lines.count { $0 == UInt8(ascii: "\n") }
        channel.record(line(status: 200, cache: .hit), client: "127.0.0.1", target: "/after")
        channel.drain(into: &lines)

        #expect(held > 0 && held < 100)
        #expect(dropped.value == UInt64(100 - held))
        #expect(String(decoding: lines, as: UTF8.self).contains("target=/after"))
        try FileManager.default.removeItem(at: folder)
    }

    @Test("under load every line is written once, whole, or counted as dropped")
    func load() async throws {
        let registry = MetricsRegistry()
        let log = try AccessLog(configuration: configuration(), metrics: registry)
        await withTaskGroup(of: Void.self) { group in
            for loop in 0..<4 {
                let channel = log.channel()
                group.addTask {
                    for number in 0..<10_000 {
                        channel.record(line(status: 200, cache: .hit), client: "127.0.0.1", target: "/\(loop)/\(number)")
                    }
                }
            }
        }
        log.shutdown()

        let lines = try written().split(separator: "\n")
        #expect(UInt64(lines.count) + log.droppedLines == 40_000)
        #expect(lines.allSatisfy { $0.hasPrefix("time=2026-11-24T22:05:01.000042Z ") && $0.hasSuffix(" cache=hit") })
        #expect(Set(lines).count == lines.count)
        try FileManager.default.removeItem(at: folder)
    }

    @Test("an access log that cannot be opened says which, and why")
    func unopenable() throws {
        var configuration = configuration()
        configuration.destination = .file(folder.appending(path: "missing/access.log").path)
        let error = #expect(throws: TelemetryError.self) {
            try AccessLog(configuration: configuration, metrics: MetricsRegistry())
        }

        #expect(error?.description.contains("missing/access.log': No such file or directory") == true)
        try FileManager.default.removeItem(at: folder)
    }

    @Test("time stamps are right", arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"), (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
    ])
    func timestamps(microseconds: Int64, text: String) {
        var line = Logfmt()
        var writer = TimestampWriter()
        writer.write(Timestamp(microseconds: microseconds), to: &line)
        writer.write(Timestamp(microseconds: microseconds), to: &line)

        #expect(String(decoding: line.bytes, as: UTF8.self) == text + text)
    }

    private func line(
        status: UInt16, cache: CacheOutcome? = nil, reason: String? = nil, error: String? = nil
    ) -> AccessLine {
        AccessLine(
            time: Timestamp(microseconds: 1_795_557_901_000_042), method: "GET", status: status, bytes: 1234,
            durationMicroseconds: 85, cache: cache, reason: reason, error: error
        )
    }

    private func configuration() -> AccessLogConfiguration {
        var configuration = AccessLogConfiguration(node: "edge-1")
        configuration.destination = .file(file)
        return configuration
    }

    private func withLog(_ body: (AccessChannel) -> Void) throws {
        let log = try AccessLog(configuration: configuration(), metrics: MetricsRegistry())
        body(log.channel())
        log.shutdown()
    }

    private func written() throws -> String {
        try String(contentsOfFile: file, encoding: .utf8)
    }
}
