import ImageURL
import Testing
import Vips
import WorkerProtocol
@testable import ImageTransform

struct FormatChoiceTests {
    private let none = OutputPolicy()
    private let webp = OutputPolicy(acceptsWebP: true)
    private let both = OutputPolicy(acceptsWebP: true, acceptsAVIF: true)
    private let drawing = TestImages.svg("""
        <?xml version="1.0"?><!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">
        <circle cx="20" cy="20" r="10"/><script>alert(1)</script></svg>
        """)

    private func sources() throws -> [(SourceFormat, isTransparent: Bool, ImageBytes)] {
        let opaque = try TestImages.quarters(width: 64, height: 48)
        let transparent = try TestImages.image(width: 64, height: 48) { x, _ in [220, 30, 30, x < 32 ? 255 : 0] }
        return [
            (.jpeg, false, try TestImages.jpeg(opaque)),
            (.png, false, try TestImages.png(opaque)),
            (.png, true, try TestImages.png(transparent)),
            (.webp, true, try TestImages.encoded(transparent, .webp(quality: 90))),
            (.avif, false, try TestImages.encoded(opaque, .avif(quality: 90, effort: 0))),
            (.gif, false, try TestImages.encoded(opaque, .gif)),
            (.tiff, false, try TestImages.save(opaque, "tiffsave_buffer")),
            (.tiff, true, try TestImages.save(transparent, "tiffsave_buffer")),
            (.svg, true, drawing),
        ]
    }

    @Test func automaticFormatFollowsTheClientThenTheContent() throws {
        for (format, isTransparent, source) in try sources() {
            #expect(try transform(source, "w-20", policy: both).variant.format == .avif)
            #expect(try transform(source, "w-20", policy: webp).variant.format == .webp)
            let plain: OutputFormat = isTransparent || format == .gif ? .png : .jpeg
            #expect(try transform(source, "w-20", policy: none).variant.format == plain, "\(format)")
        }
    }

    @Test func originalKeepsTheFormatWhereABrowserShowsIt() throws {
        for (format, isTransparent, source) in try sources() {
            let expected: OutputFormat = switch format {
            case .jpeg: .jpeg
            case .png, .svg: .png
            case .webp: .webp
            case .avif: .avif
            case .gif: .gif
            case .heic, .tiff: isTransparent ? .png : .jpeg
            }
            #expect(try transform(source, "w-20,f-orig", policy: both).variant.format == expected, "\(format)")
        }
    }

    @Test func oneQualityMeansTheSameInAVIF() {
        #expect([1, 40, 80, 90, 100].map(OutputChoice.avifQuality(for:)) == [1, 30, 60, 80, 100])
        #expect((1...100).map(OutputChoice.avifQuality(for:)) == (1...100).map(OutputChoice.avifQuality(for:)).sorted())
    }

    @Test func aDrawingIsNeverPassedOn() throws {
        for recipe in ["", "f-orig", "f-png", "f-jpg", "f-webp", "w-10"] {
            let bytes = try transform(drawing, recipe).variant.bytes.withUnsafeBytes { Array($0) }
            #expect(bytes.firstRange(of: Array("<s".utf8)) == nil)
        }
    }

    @Test func aPictureThatWebPCannotHoldGetsAnotherFormatWhereItWasOursToChoose() throws {
        let long = try TestImages.png(TestImages.image(width: 16_384, height: 2) { _, _ in TestImages.red })
        #expect(try transform(long, "", policy: webp).variant.format == .jpeg)
        let refused = try failure(long, "f-webp")
        #expect(refused?.limit == .outputSide && refused?.allowed == 16_383 && refused?.actual == 16_384)
    }

    @Test func aLargePictureIsNotMadeAnAVIFUnasked() throws {
        let large = try TestImages.jpeg(TestImages.quarters(width: 1600, height: 1300))
        #expect(try transform(large, "", policy: both).variant.format == .webp)
    }
}
