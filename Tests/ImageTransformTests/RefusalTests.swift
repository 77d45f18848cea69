import ImageURL
import Testing
import Vips
import WorkerProtocol
@testable import ImageTransform

struct RefusalTests {
    @Test("Cut anywhere, an image is refused, never shown with a grey bottom", arguments: [
        SourceFormat.jpeg, .png, .webp, .avif, .gif, .tiff,
    ])
    func truncated(_ format: SourceFormat) throws {
        let scene = try TestImages.scene(width: 320, height: 400)
        let whole = switch format {
        case .jpeg: try TestImages.jpeg(scene)
        case .png: try TestImages.png(scene)
        case .webp: try TestImages.encoded(scene, .webp(quality: 80))
        case .avif: try TestImages.encoded(scene, .avif(quality: 80, effort: 0))
        case .gif: try TestImages.encoded(scene, .gif)
        default: try TestImages.save(scene, "tiffsave_buffer")
        }
        #expect(try failure(whole, "w-100") == nil)
        let count = whole.count
        for kept in [16, 40, count / 20, count / 3, count / 2, count * 9 / 10, count - 200] {
            let cut = ImageBytes(copying: whole.array.prefix(kept))
            for recipe in ["w-100", "", "w-10"] {
                let failure = try failure(cut, recipe)
                let kinds: [TransformFailure.Kind] = format == .tiff ? [.corrupt] : [.truncated]
                #expect(
                    failure.map { kinds.contains($0.kind) } == true,
                    "\(kept) of \(count) with '\(recipe)': \(String(describing: failure))")
            }
        }
    }

    @Test func damageInsideIsCorrupt() throws {
        var bytes = try TestImages.png(TestImages.scene()).array
        for index in stride(from: bytes.count / 2, to: bytes.count / 2 + 200, by: 1) { bytes[index] = 0x55 }
        let failure = try failure(ImageBytes(copying: bytes))
        #expect(failure?.kind == .corrupt)
        #expect(failure?.subject == "PNG")
    }

    @Test("What is no image is told from what is one we do not read", arguments: [
        ("hello", nil), ("", nil), ("\u{0}\u{0}\u{0}\u{0}", nil), ("<svgnot/>", nil), ("< svg", nil),
        ("{\"a\": \"<svg>\"}", nil),
        ("%PDF-1.7 ...", "a PDF document"), ("BM......", "a BMP image"), ("<!DOCTYPE html><svg>", "an HTML page"),
        ("<html><body><svg></svg>", "an HTML page"), ("<?xml version='1.0'?><error/>", "an XML document"),
        ("RIFF....WAVE", "a RIFF file"),
    ] as [(String, String?)])
    func otherFiles(_ text: String, _ name: String?) throws {
        let failure = try failure(ImageBytes(copying: text.utf8))
        #expect(failure?.kind == (name == nil ? .notAnImage : .unsupported))
        #expect(failure?.subject == name ?? "")
    }

    @Test func aRightBeginningIsNotEnough() throws {
        let beginnings: [[UInt8]] = [
            [0xFF, 0xD8, 0xFF, 0xE0], Array("GIF89a".utf8), [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
            Array("RIFF\u{40}\0\0\0WEBPVP8 ".utf8), Array("\0\0\0\u{18}ftypavif\0\0\0\0avif".utf8),
            [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0], Array("<svg xmlns='x'".utf8),
        ]
        for beginning in beginnings {
            let kind = try failure(ImageBytes(copying: beginning + [UInt8](repeating: 7, count: 500)))?.kind
            #expect(kind == .corrupt || kind == .truncated)
        }
    }

    @Test func claimsOfHugeSizeAreRefusedByTheHeader() throws {
        let bombs = [
            TestImages.pngHeader(width: 60_000, height: 60_000),
            try TestImages.jpegClaiming(width: 65_500, height: 65_500),
            TestImages.gif(width: 65_000, height: 65_000, frames: 1),
            TestImages.svg("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"30000\" height=\"30000\"></svg>"),
        ]
        for bomb in bombs {
            let failure = try failure(bomb)
            #expect(failure?.kind == .tooLarge && failure?.limit == .inputPixels, "\(String(describing: failure))")
            #expect(failure?.allowed == 100_000_000)
        }
    }

    @Test func framesTimesAreaIsLimited() throws {
        let limits = TransformLimits(animationPixels: 1_000_000)
        #expect(try failure(TestImages.gif(width: 100, height: 100, frames: 100), limits: limits) == nil)
        let failure = try failure(TestImages.gif(width: 100, height: 100, frames: 101), limits: limits)
        #expect(failure?.limit == .animationPixels)
        #expect(failure?.actual == 1_010_000)
    }

    @Test func everyStepIsHeldToTheOutputLimit() throws {
        let source = try TestImages.jpeg(TestImages.quarters(width: 64, height: 64))
        for recipe in ["w-30000,h-30000", "w-30000,h-30000:w-10", "w-10:w-20000", "w-12000,h-9000,c-force:w-1"] {
            #expect(try failure(source, recipe)?.limit == .outputPixels, "\(recipe)")
        }
        let small = TransformLimits(outputPixels: 100 * 100)
        #expect(try failure(source, "w-100", limits: small) == nil)
        #expect(try failure(source, "w-101", limits: small)?.limit == .outputPixels)
    }

    @Test func bytesAreLimitedBothWays() throws {
        let source = try TestImages.jpeg(TestImages.scene())
        #expect(try failure(source, limits: TransformLimits(inputBytes: source.count)) == nil)
        #expect(try failure(source, limits: TransformLimits(inputBytes: source.count - 1))?.limit == .inputBytes)
        #expect(try failure(source, "f-png", limits: TransformLimits(outputBytes: 1000))?.limit == .outputBytes)
    }

    @Test func aDrawingReachesNothingOutsideItself() throws {
        let drawing = TestImages.svg("""
            <!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
            <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="50" height="50">
            <image xlink:href="file:///etc/passwd" width="50" height="50"/>
            <image xlink:href="http://127.0.0.1:1/x.png" width="50" height="50"/><text y="20">&secret;</text></svg>
            """)
        // Drawn without them, or refused; never a wait for a network that is not there.
        let kind = try failure(drawing, "f-png")?.kind
        #expect(kind == nil || kind == .corrupt)
    }
}
