import ImageURL
import Testing
import Vips
import WorkerProtocol
@testable import ImageTransform

struct SizeTests {
    @Test("The sizes of the reference, for a source of 640 x 865", arguments: [
        ("w-300,h-200", 300, 200),
        ("w-300,h-200,c-force", 300, 200),
        ("w-300,h-200,c-at_max", 148, 200),
        ("w-850,h-1000,c-at_max", 640, 865),
        ("w-850,h-1000,c-at_max_enlarge", 740, 1000),
        ("w-300,h-200,c-at_least", 300, 405),
        ("w-300", 300, 405),
        ("h-200", 148, 200),
        ("w-0.5", 320, 433),
        ("w-0.5,h-0.5,c-force,dpr-2", 640, 865),
        ("w-1280", 1280, 1730),
        ("w-400,h-400:w-100", 100, 100),
        ("w-400,h-100:h-200", 800, 200),
        ("w-1,h-1", 1, 1),
        ("w-1", 1, 1),
        ("", 640, 865),
    ])
    func documented(_ recipe: String, _ width: Int, _ height: Int) throws {
        let source = try TestImages.jpeg(TestImages.scene())
        let seen = try transform(source, recipe)
        #expect(seen.size == PixelSize(width: width, height: height))
        #expect(seen.variant.sourceWidth == 640 && seen.variant.sourceHeight == 865)
    }

    @Test("Every width around the steps of shrink-on-load is exact", arguments: [1, 2, 4, 8])
    func aroundShrinkSteps(_ shrink: Int) throws {
        // Sides that 8 does not divide: the decoder rounds.
        let source = try TestImages.jpeg(TestImages.quarters(width: 1003, height: 701))
        for width in stride(from: 1003 / shrink - 3, through: 1003 / shrink + 3, by: 1) {
            let seen = try transform(source, "w-\(width),h-77,c-force")
            #expect(seen.size == PixelSize(width: width, height: 77))
        }
    }

    @Test("All formats give the size asked for", arguments: ["jpg", "png", "webp", "avif"])
    func formats(_ format: String) throws {
        let source = try TestImages.png(TestImages.scene())
        let seen = try transform(source, "w-301,h-203,f-\(format)")
        #expect(seen.size == PixelSize(width: 301, height: 203))
        #expect(seen.variant.format.rawValue == format)
    }

    @Test func coverKeepsTheMiddle() throws {
        let source = try TestImages.png(TestImages.quarters(width: 640, height: 480))
        let seen = try transform(source, "w-100,h-400,f-png")
        expectColour(try seen.colour(0.25, 0.25), TestImages.red)
        expectColour(try seen.colour(0.75, 0.25), TestImages.green)
        expectColour(try seen.colour(0.25, 0.75), TestImages.blue)
        expectColour(try seen.colour(0.75, 0.75), TestImages.white)
        // The middle of the picture is the middle of the crop, to a pixel.
        expectColour(try seen.image.pixel(x: 48, y: 198), TestImages.red, within: 30)
        expectColour(try seen.image.pixel(x: 51, y: 202), TestImages.white, within: 30)
    }

    @Test func enlargingStripsAndSliversIsBounded() throws {
        let strip = try TestImages.png(TestImages.image(width: 1, height: 200) { _, _ in TestImages.red })
        let seen = try transform(strip, "w-100,h-100,f-png")
        #expect(seen.size == PixelSize(width: 100, height: 100))
        expectColour(try seen.colour(0.5, 0.5), TestImages.red)
        #expect(try failure(strip, "w-60000")?.limit == .outputSide)
        let wide = try TestImages.png(TestImages.image(width: 200, height: 1) { _, _ in TestImages.red })
        #expect(try transform(wide, "w-50,f-png").size == PixelSize(width: 50, height: 1))
    }

    @Test func aDrawingIsDrawnAtItsSizeNotEnlarged() throws {
        let source = TestImages.svg("""
            <svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="10" height="20" fill="#f00"/></svg>
            """)
        let seen = try transform(source, "w-1000,f-png")
        #expect(seen.size == PixelSize(width: 1000, height: 1000))
        // An edge that is sharp to the pixel was drawn, not scaled up from 20.
        expectColour(try seen.image.pixel(x: 497, y: 500), [255, 0, 0, 255], within: 2)
        expectColour(Array(try seen.image.pixel(x: 502, y: 500).suffix(1)), [0], within: 2)
    }
}
