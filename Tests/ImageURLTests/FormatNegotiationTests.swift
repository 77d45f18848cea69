import ImageURL
import Testing

@Suite struct FormatNegotiationTests {
    @Test(arguments: [
        ("", []),
        ("*/*", []),
        ("image/*", []),
        ("image/webp", .webp),
        ("image/avif", .avif),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", [.webp, .avif]),
        ("text/html, image/webp;q=0.8 , */*;q=0.1", .webp),
        ("IMAGE/WebP", .webp),
        ("image/webp;q=0", []),
        ("image/webp;q=0.000, image/avif", .avif),
        ("image/webp ; Q=0.001", .webp),
        ("image/webp;level=1;q=0", []),
        ("image/webp;q=1.000", .webp),
        ("image/webp;q=high", []),
        ("image/webp;q=", []),
        ("image/webp;q=2", []),
        ("image/webp;q=0.5.5", []),
        ("image/webpx, ximage/webp, image/ webp", []),
        ("image/webp;", .webp),
        (",,;,image/webp", .webp),
        ("image/jxl", []),
    ] as [(String, AcceptClass)])
    func `The modern formats a client takes`(header: String, expected: AcceptClass) {
        #expect(negotiatedAccept(header: header) == expected)
    }

    @Test func `A header of any length is read in bounded time`() {
        #expect(negotiatedAccept(header: "image/webp," + String(repeating: "a/b,", count: 100_000)) == .webp)
    }

    @Test func `Only a negotiated format lets Accept into the variant`() throws {
        let avif = Endpoint(account: "demo", avifAuto: true)
        let both: AcceptClass = [.webp, .avif]
        let auto = try Recipe(canonical: "w-300")
        #expect(effectiveAccept(auto, both, endpoint: demo) == .webp)
        #expect(effectiveAccept(auto, both, endpoint: avif) == both)
        #expect(effectiveAccept(auto, [], endpoint: avif) == [])
        for format in ["jpg", "png", "webp", "avif", "orig"] {
            let fixed = try Recipe(canonical: "f-" + format)
            #expect(effectiveAccept(fixed, both, endpoint: avif) == [])
            #expect(!negotiatesFormat(fixed))
        }
        #expect(negotiatesFormat(auto))
    }

    @Test func `Every format knows its media type both ways`() {
        for format in OutputFormat.allCases {
            #expect(OutputFormat(contentType: format.contentType) == format)
        }
        #expect(OutputFormat(contentType: "text/html") == nil)
        #expect(OutputFormat.webp.largestSide == 16_383)
    }
}
