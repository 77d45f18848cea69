import Testing
@testable import Vips

struct SignatureTests {
    private func signature(_ bytes: [UInt8]) -> Signature {
        bytes.withUnsafeBytes { Signature($0) }
    }

    private func box(_ brands: String...) -> [UInt8] {
        [0, 0, 0, UInt8(12 + 4 * brands.count)] + Array("ftyp".utf8) + Array(brands[0].utf8) + [0, 0, 0, 0]
            + brands.dropFirst().flatMap { Array($0.utf8) } + Array("meta".utf8)
    }

    @Test func binaryFormats() {
        #expect(signature([0xFF, 0xD8, 0xFF, 0xE1, 0]) == .image(.jpeg))
        #expect(signature([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) == .image(.png))
        #expect(signature(Array("RIFF....WEBPVP8 ".utf8)) == .image(.webp))
        #expect(signature(box("avif", "mif1")) == .image(.avif))
        #expect(signature(box("mif1", "avif")) == .image(.avif))
        #expect(signature(box("mif1", "heic")) == .image(.heic))
        #expect(signature(box("isom", "mp42")) == .other("an MP4 or QuickTime file"))
        #expect(signature([0x4D, 0x4D, 0, 0x2A, 0]) == .image(.tiff))
    }

    @Test("Drawings however they begin", arguments: [
        "<svg>", "<svg xmlns='a'>", " \n\t<svg/>", "\u{FEFF}<svg>", "<?xml version='1.0'?>\n<svg>",
        "<!-- <html> --><svg>", "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'><svg>",
        "<!DOCTYPE svg [<!ENTITY a '>'> <!ENTITY b 'c'>]><svg>", "<svg:svg xmlns:svg='a'>",
    ])
    func drawings(_ text: String) {
        #expect(signature(Array(text.utf8)) == .image(.svg))
    }

    @Test("Every beginning of every format is told without a crash")
    func anyLength() {
        let text = "<?xml v?><!-- a --><!DOCTYPE svg [<!ENTITY a 'b'>]><svg>"
        for whole in [box("avif", "mif1"), Array(text.utf8), Array("RIFF....WEBP".utf8)] {
            for count in 0...whole.count {
                _ = signature(Array(whole.prefix(count)))
                for format in SourceFormat.allCases {
                    Array(whole.prefix(count)).withUnsafeBytes { _ = format.endsEarly($0) }
                }
            }
        }
    }
}
