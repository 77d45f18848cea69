import ImageURL
import Testing

@Suite struct RecipeTests {
    @Test func `Random recipes survive their canonical text`() throws {
        var random = SeededRandom()
        for _ in 0..<5_000 {
            let recipe = random.recipe()
            let text = recipe.canonical
            #expect(try Recipe(canonical: text) == recipe.normalized, "\(text)")
            #expect(recipe.normalized.normalized == recipe.normalized, "\(text)")
            #expect(recipe.normalized.canonical == text)
        }
    }

    @Test func `Every spelling of a recipe has its canonical text`() throws {
        var random = SeededRandom()
        let parser = ImageURLParser(endpoint: demo)
        for _ in 0..<5_000 {
            let recipe = random.recipe()
            let text = random.spelling(of: recipe)
            let steps = text.isEmpty ? [] : text.split(separator: ":").map(String.init)
            let cut = Int.random(in: 0...steps.count, using: &random)
            let inPath = steps[..<cut].map { random.encoded("tr:" + $0) + "/" }.joined()
            let inQuery = cut < steps.count ? "?tr=" + random.encoded(steps[cut...].joined(separator: ":")) : ""
            let target = "/demo/\(inPath)a.jpg\(inQuery)"
            #expect(try parser.parse(target: target).recipe.canonical == recipe.canonical, "\(target)")
        }
    }

    /// Sizes are what this slice's steps change, so they tell meanings apart without asking the code under test which
    /// recipes it takes for equal.
    @Test func `Recipes that give different pictures have different texts`() throws {
        var random = SeededRandom()
        var meanings: [String: [PixelSize]] = [:]
        let sources = [(640, 865), (1, 1), (4_000, 3_000), (3, 2_000)].map { PixelSize(width: $0.0, height: $0.1) }
        var shared = 0
        for _ in 0..<20_000 {
            // Few values, so that many recipes meet.
            let resize = Resize(
                width: random.pick([nil, .pixels(2), .pixels(300), .pixels(600), .pixels(70_000), .fraction(0.5)]),
                height: random.pick([nil, .pixels(1), .pixels(200), .pixels(400), .fraction(0.5)]),
                crop: random.pick(CropMode.allCases), devicePixelRatio: random.pick([1, 1, 0.1, 2, 5])
            )
            let recipe = Recipe(steps: [RecipeStep(resize: resize)])
            let sizes = sources.map { outputSize(of: $0, resize: resize) }
            if let known = meanings[recipe.canonical] {
                shared += 1
                #expect(known == sizes, "\(recipe.canonical) stands for two meanings")
            }
            meanings[recipe.canonical] = sizes
        }
        #expect(shared > 1_000)
    }

    @Test(arguments: [
        ("", ""),
        ("w-300,h-200", "w-300,h-200"),
        ("h-200,w-300", "w-300,h-200"),
        ("w-300.00,h-0200", "w-300,h-200"),
        ("w-300%2Ch-200", "w-300,h-200"),
        ("w-300%3Ah-200", "w-300:h-200"),
        ("w-1", "w-1"),
        ("w-1.00", "w-1"),
        ("w-0.50", "w-0.5"),
        ("w-0.3333333333333333", "w-0.333333"),
        ("w-0.9999999", "w-0.999999"),
        ("w-300,w-400", "w-400"),
        ("w-65535", "w-65535"),
        ("w-65536", ""),
        ("w-300,w-65536", "w-300"),
        ("w-99999999999999999999999,h-20", "h-20"),
        ("w-65536,h-200,c-force", "h-200"),
        ("w-300,c-force", "w-300"),
        ("w-300,h-200,c-maintain_ratio", "w-300,h-200"),
        ("c-at_max,h-200,w-300", "w-300,h-200,c-at_max"),
        ("c-at_max_enlarge,h-200,w-300", "w-300,h-200,c-at_max_enlarge"),
        ("c-at_least,h-200,w-300", "w-300,h-200,c-at_least"),
        ("c-force,h-200,w-300", "w-300,h-200,c-force"),
        ("c-force", ""),
        ("dpr-2", ""),
        ("w-300,dpr-1", "w-300"),
        ("w-300,dpr-1.00", "w-300"),
        ("w-300,h-200,dpr-2", "w-600,h-400"),
        ("w-333,dpr-1.5", "w-500"),
        ("w-1000,dpr-5", "w-5000"),
        ("w-1001,dpr-5", "w-1001"),
        ("w-1001,h-2,dpr-5", "w-1001,h-2"),
        ("w-9,dpr-0.1", "w-9"),
        ("w-10,dpr-0.1", "w-1"),
        ("w-6000,dpr-1", "w-6000"),
        ("w-0.5,dpr-2.50", "w-0.5,dpr-2.5"),
        ("w-0.5,h-300,dpr-2", "w-0.5,h-300,dpr-2"),
        ("w-0.5,h-3000,dpr-2", "w-0.5,h-3000"),
        ("f-jpeg", "f-jpg"),
        ("f-auto", ""),
        ("f-orig", "f-orig"),
        ("q-80", "q-80"),
        ("q-50:w-300", "w-300,q-50"),
        ("w-300,q-50:h-10,f-webp:q-70", "w-300:h-10,f-webp,q-70"),
        ("f-png,f-avif", "f-avif"),
        ("f-png:f-auto", ""),
        ("w-300:c-force:h-200", "w-300:h-200"),
    ])
    func `Meaning decides the text`(written: String, expected: String) throws {
        #expect(try canonical(written) == expected)
    }

    @Test func `Where the format is not negotiated by default, keeping it is the default that f-auto changes`() throws {
        let plain = Endpoint(account: "demo", defaultFormatAuto: false)
        #expect(try canonical("w-300", endpoint: plain) == "w-300,f-orig")
        #expect(try canonical("w-300,f-orig", endpoint: plain) == "w-300,f-orig")
        #expect(try canonical("w-300,f-auto", endpoint: plain) == "w-300")
    }

    @Test(arguments: [
        "h-200,w-300", "w-300.0", "w-0.50", "f-auto", "f-jpeg", "w-300,dpr-2", "q-80:w-300", "w-300,c-force", "w-70000",
        "w-300:", "w-300,rt-90", "tr:w-300", " w-300", "w-%33",
    ])
    func `Only the canonical text is read back`(text: String) {
        #expect(throws: ImageURLError.self) { try Recipe(canonical: text) }
    }

    @Test func `Values that no URL can hold do no harm`() throws {
        for ratio in [Double.nan, .infinity, -1, 0, 1e300] {
            let resize = Resize(width: .pixels(65_535), height: .fraction(0.5), devicePixelRatio: ratio)
            #expect(Recipe(steps: [RecipeStep(resize: resize)]).canonical == "w-65535,h-0.5")
        }
        for side in [Dimension.pixels(0), .pixels(.min), .pixels(.max), .fraction(0), .fraction(.nan), .fraction(-1)] {
            let resize = Resize(width: side, height: nil)
            #expect(Recipe(steps: [RecipeStep(resize: resize)]).canonical == "")
            #expect(outputSize(of: PixelSize(width: 3, height: 2), resize: resize) == PixelSize(width: 3, height: 2))
        }
    }
}
