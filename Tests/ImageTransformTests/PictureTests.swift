import ImageURL
import Testing
@testable import Vips
import WorkerProtocol
@testable import ImageTransform

/// What a person would see: which way up, which colours, what shines through.
struct PictureTests {
    private func expectQuarters(
        _ seen: Seen, sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        expectColour(try seen.colour(0.25, 0.25), TestImages.red, sourceLocation: sourceLocation)
        expectColour(try seen.colour(0.75, 0.25), TestImages.green, sourceLocation: sourceLocation)
        expectColour(try seen.colour(0.25, 0.75), TestImages.blue, sourceLocation: sourceLocation)
        expectColour(try seen.colour(0.75, 0.75), TestImages.white, sourceLocation: sourceLocation)
    }

    @Test("Upright, whole and scaled and cropped", arguments: 1...8)
    func orientation(_ orientation: Int) throws {
        let source = try TestImages.quarters(orientation: orientation)
        let cases = [
            ("", 640, 480), ("w-100", 100, 75), ("w-50,h-90,c-force", 50, 90), ("w-64,h-200", 64, 200), ("w-900", 900, 675),
        ]
        for (recipe, width, height) in cases {
            let seen = try transform(source, recipe)
            #expect(seen.size == PixelSize(width: width, height: height))
            #expect(seen.variant.sourceWidth == 640 && seen.variant.sourceHeight == 480)
            try expectQuarters(seen)
        }
    }

    @Test("Colours of other profiles become those of sRGB", arguments: ["p3", "cmyk"])
    func profiles(_ profile: String) throws {
        // Colours that a press can print too.
        let (left, right): (TestImages.Colour, TestImages.Colour) = ([190, 90, 80], [90, 140, 170])
        let picture = try TestImages.image(width: 640, height: 480) { x, _ in x < 320 ? left : right }
        let foreign = try TestImages.converted(picture, to: profile)
        let source = try TestImages.jpeg(foreign)
        let header = try VipsImage.load(source, as: .jpeg, inOrder: false)
        #expect(header.hasColourProfile)
        #expect(header.isCMYK == (profile == "cmyk"))
        // The numbers in the file are others: shown without their profile they would be wrong.
        let stored = try header.pixel(x: 160, y: 120)
        #expect(zip(stored, left).contains { abs($0 - Double($1)) > 8 })
        for recipe in ["", "w-100", "w-100,f-png"] {
            let seen = try transform(source, recipe)
            expectColour(try seen.colour(0.25, 0.5), left, within: 5)
            expectColour(try seen.colour(0.75, 0.5), right, within: 5)
        }
    }

    @Test func sixteenBitsBecomeEight() throws {
        let source = try TestImages.png(TestImages.in16Bits(TestImages.quarters()))
        #expect(try !VipsImage.load(source, as: .png).isEightBit)
        for recipe in ["f-png", "w-100,f-png", "w-100,f-jpg", "w-100,f-webp", "w-100,f-avif"] {
            try expectQuarters(try transform(source, recipe))
        }
    }

    @Test func greyStaysGrey() throws {
        let grey = try TestImages.greyscale(TestImages.quarters())
        let expected = try grey.pixel(x: 160, y: 120)[0]
        for source in [try TestImages.jpeg(grey), try TestImages.png(TestImages.in16Bits(grey))] {
            for recipe in ["w-100,f-jpg", "w-100,f-png", "w-100,f-webp", "w-100,f-avif"] {
                let colour = try transform(source, recipe).colour(0.25, 0.25)
                #expect(colour.allSatisfy { abs($0 - expected) < 5 })
            }
        }
    }

    @Test("Hidden colours of transparent pixels do not bleed", arguments: ["png", "webp", "avif"])
    func transparency(_ format: String) throws {
        // Left: opaque red. Right: fully transparent, but green underneath.
        let image = try TestImages.image(width: 200, height: 200) { x, _ in
            x < 100 ? [220, 30, 30, 255] : [30, 200, 40, 0]
        }
        let seen = try transform(TestImages.png(image), "w-33,f-\(format)")
        expectColour(try seen.colour(0.2, 0.5), [220, 30, 30, 255])
        expectColour(Array(try seen.colour(0.8, 0.5).suffix(1)), [0])
        for x in 0..<33 {
            let pixel = try seen.image.pixel(x: x, y: 16)
            if pixel[3] > 60 {
                #expect(pixel[1] < 60, "green at \(x): \(pixel)")
            }
        }
    }

    @Test func jpegShowsBlackWhereNothingWas() throws {
        let image = try TestImages.image(width: 200, height: 200) { x, _ in
            x < 100 ? [220, 30, 30, 255] : [250, 250, 250, 0]
        }
        let seen = try transform(TestImages.png(image), "w-50,f-jpg")
        expectColour(try seen.colour(0.2, 0.5), [220, 30, 30])
        expectColour(try seen.colour(0.8, 0.5), [0, 0, 0])
    }

    @Test func sixteenBitsWithAlpha() throws {
        let image = try TestImages.image(width: 200, height: 200) { x, _ in [220, 30, 30, x < 100 ? 255 : 128] }
        let seen = try transform(TestImages.png(TestImages.in16Bits(image)), "w-50,f-png")
        expectColour(try seen.colour(0.2, 0.5), [220, 30, 30, 255])
        expectColour(try seen.colour(0.8, 0.5), [220, 30, 30, 128])
    }

    @Test func anAlphaBandThatSaysNothingIsDropped() throws {
        let opaque = try TestImages.image(width: 50, height: 50) { _, _ in [220, 30, 30, 255] }
        #expect(try transform(TestImages.png(opaque), "w-20,f-png").image.bands == 3)
    }

    @Test func metadataAreGone() throws {
        let source = try TestImages.quarters(orientation: 6)
        #expect(source.array.firstRange(of: Array("Exif".utf8)) != nil)
        for recipe in ["", "f-png", "f-webp", "f-avif", "w-100"] {
            let variant = try transform(source, recipe).variant
            variant.bytes.withUnsafeBytes { bytes in
                for word in ["Exif\0\0", "EXIF", "eXIf", "http://ns.adobe", "ICC_PROFILE", "iCCP"] {
                    #expect(Array(bytes).firstRange(of: Array(word.utf8)) == nil, "\(word.prefix(4)) in \(recipe)")
                }
            }
        }
    }

    @Test func qualityChangesTheSizeAndHasADefault() throws {
        let source = try TestImages.jpeg(TestImages.scene())
        for format in ["jpg", "webp", "avif"] {
            let sizes = try [20, 80, 95].map { try transform(source, "w-300,f-\(format),q-\($0)").variant.bytes.count }
            #expect(sizes == sizes.sorted() && Set(sizes).count == 3)
            let byDefault = try transform(source, "w-300,f-\(format)", policy: OutputPolicy(defaultQuality: 20))
            #expect(byDefault.variant.bytes.count == sizes[0])
        }
    }

    @Test func theFirstFrameOfAnAnimation() throws {
        let seen = try transform(TestImages.gif(width: 20, height: 10, frames: 3), "f-png")
        #expect(seen.size == PixelSize(width: 20, height: 10))
    }
}
