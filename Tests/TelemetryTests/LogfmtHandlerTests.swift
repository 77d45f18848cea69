import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite("The program's own log")
struct LogfmtHandlerTests {
    @Test("a line carries level, node, label, message and sorted metadata; the nearest metadata wins")
    func line() throws {
        let recorded = Recorded()
        var logger = Logger(label: "node-agent") { label in
            LogfmtHandler(label: label, node: "edge-1", level: .info) { recorded.append($0) }
        }
        logger[metadataKey: "origin"] = "logger's"
        logger[metadataKey: "a key"] = "1"
        logger.debug("below the level")
        logger.warning("the lease ran out,\nno answer", metadata: ["origin": "http://127.0.0.1:8200", "was": "é=\"1\""])

        let line = recorded.text
        #expect(
            try #require(line.wholeMatch(of: /time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (.*)\n/)).1 == """
                level=warning node=edge-1 label=node-agent message="the lease ran out,\\nno answer" a_key=1 \
                origin=http://127.0.0.1:8200 was="é=\\"1\\""
                """
        )
    }

    private final class Recorded: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
        func append(_ more: UnsafeRawBufferPointer) { bytes.withLock { $0 += Array(more) } }
    }
}
