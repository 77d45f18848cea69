import ImageURL
import Testing
import Vips
@testable import ImageTransform

struct ShrinkOnLoadTests {
    private func choice(_ format: SourceFormat, _ from: (Int, Int), _ to: (Int, Int)) -> LoadShrink {
        ShrinkOnLoad.choice(
            for: format, from: PixelSize(width: from.0, height: from.1), to: PixelSize(width: to.0, height: to.1))
    }

    @Test func aJPEGIsShrunkAsFarAsTheSlackAllows() {
        #expect(choice(.jpeg, (4000, 3000), (512, 384)) == .factor(4))
        #expect(choice(.jpeg, (4000, 3000), (333, 250)) == .factor(8))
        #expect(choice(.jpeg, (4000, 3000), (334, 250)) == .factor(4))
        #expect(choice(.jpeg, (4000, 3000), (1333, 1000)) == .factor(2))
        #expect(choice(.jpeg, (4000, 3000), (1400, 1050)) == .none)
        #expect(choice(.jpeg, (4000, 3000), (8000, 6000)) == .none)
    }

    @Test func theSideThatShrinksLessDecides() {
        #expect(choice(.jpeg, (4000, 3000), (100, 3000)) == .none)
        #expect(choice(.jpeg, (4000, 3000), (4000, 100)) == .none)
        #expect(choice(.svg, (100, 50), (50, 100)) == .scale(2))
    }

    @Test func otherFormats() {
        #expect(choice(.webp, (4000, 3000), (400, 300)) == .scale(0.2))
        #expect(choice(.webp, (400, 300), (399, 299)) == .none)
        #expect(choice(.svg, (100, 100), (100, 100)) == .none)
        #expect(choice(.png, (4000, 3000), (40, 30)) == .none)
    }
}
