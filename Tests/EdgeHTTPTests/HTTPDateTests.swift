@testable import EdgeHTTP
import Glibc
import Testing

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func text(seconds: Int64, text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }

    @Test func agreesWithTheSystemsCalendar() {
        var generator = seededGenerator()
        for _ in 0..<2000 {
            let seconds = Int64.random(in: 0...253_402_300_799, using: &generator)
            var clock = time_t(seconds)
            var parts = tm()
            var text = [CChar](repeating: 0, count: 64)
            gmtime_r(&clock, &parts)
            let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            #expect(HTTPDate.text(seconds) == String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
            #expect(HTTPDate.parse(HTTPDate.text(seconds)) == seconds)
        }
    }

    @Test(arguments: [
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777 as Int64?), ("Sun Nov  6 08:49:37 1994", 784_111_777),
        ("Sun, 06 Nov 1994 08:49:37", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("Sun, 6 Nov 1994 08:49:37 GMT", nil),
        ("Sun, 06 Nuv 1994 08:49:37 GMT", nil), ("", nil), ("0", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil),
        ("Sun, +6 Nov 1994 08:49:37 GMT", nil),
    ])
    func parse(text: String, seconds: Int64?) {
        #expect(HTTPDate.parse(text) == seconds)
    }
}
