import ObjectCache
import Testing

@testable import OperatorCLI

@Suite struct CacheReportTests {
    @Test func sizesArePrintedForPeople() {
        #expect([0, 840, 1_024, 1_290, 10_485_760, 3_000_000_000_000].map(ByteCount.words)
            == ["0 B", "840 B", "1.0 KiB", "1.3 KiB", "10.0 MiB", "2.7 TiB"])
    }
}
