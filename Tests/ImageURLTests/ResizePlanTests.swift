import ImageURL
import Testing

@Suite struct ResizePlanTests {
    /// The documented sizes (reference §2.4), for steps as URLs spell them.
    @Test(arguments: [
        ("w-300,h-200,c-at_max", 640, 865, 148, 200),
        ("w-300,h-200,c-at_least", 640, 865, 300, 405),
        ("w-300,h-200", 640, 865, 300, 200),
        ("w-850,h-1000,c-at_max_enlarge", 640, 865, 740, 1000),
        ("w-850,h-1000,c-at_max", 640, 865, 640, 865),
        ("w-300,h-200,c-force", 640, 865, 300, 200),
        ("w-850,h-800,c-at_max", 640, 865, 592, 800),
        ("w-850,c-at_max", 640, 865, 640, 865),
        ("h-900,c-at_max", 640, 865, 640, 865),
        ("w-320,c-at_max", 640, 865, 320, 433),
        ("w-850", 640, 865, 850, 1149),
        ("w-1200,h-1600", 640, 865, 1200, 1600),
        ("w-300", 640, 865, 300, 405),
        ("h-200", 640, 865, 148, 200),
        ("w-0.5", 640, 865, 320, 433),
        ("w-0.5,h-0.5,c-force", 641, 865, 321, 433),
        ("w-100,dpr-2", 640, 865, 200, 270),
        ("w-0.5,dpr-2", 640, 865, 640, 865),
        ("w-0.5,dpr-5", 4000, 100, 2000, 50),
        ("w-0.01,dpr-0.1", 640, 865, 6, 8),
        ("w-0.5,h-3000,dpr-2,c-force", 640, 865, 320, 3000),
        ("w-1", 1000, 3, 1, 1),
        ("w-1,h-1000,c-at_max_enlarge", 1000, 3, 1, 1),
        ("w-0.000001", 640, 865, 1, 1),
        ("w-300:w-0.5", 640, 865, 320, 432),
        ("w-300,h-200:w-150", 640, 865, 150, 100),
    ])
    func `Size of the result`(steps: String, width: Int, height: Int, newWidth: Int, newHeight: Int) throws {
        let source = PixelSize(width: width, height: height)
        let recipe = try ImageURLParser(endpoint: demo).parse(target: "/demo/tr:\(steps)/a.jpg").recipe
        let result = recipe.steps.compactMap(\.resize).reduce(source) { size, resize in
            outputSize(of: size, original: source, resize: resize)
        }
        #expect(result == PixelSize(width: newWidth, height: newHeight))
    }

    private func plan(_ source: PixelSize, to box: PixelSize, crop: CropMode = .maintainRatio) -> ResizePlan {
        ResizePlan(source: source, resize: Resize(width: .pixels(box.width), height: .pixels(box.height), crop: crop))
    }

    @Test func `The crop is centred in the scaled image`() {
        let portrait = plan(PixelSize(width: 640, height: 865), to: PixelSize(width: 300, height: 200))
        #expect(portrait.scaled == PixelSize(width: 300, height: 405))
        #expect(portrait.crop == PixelRectangle(left: 0, top: 102, width: 300, height: 200))
        let landscape = plan(PixelSize(width: 1000, height: 500), to: PixelSize(width: 100, height: 100))
        #expect(landscape.scaled == PixelSize(width: 200, height: 100))
        #expect(landscape.crop == PixelRectangle(left: 50, top: 0, width: 100, height: 100))
        let same = plan(PixelSize(width: 1000, height: 500), to: PixelSize(width: 100, height: 50))
        #expect(same.crop == nil)
    }

    /// Against the same rules in floating point, where that is exact enough to tell.
    @Test func `Random sizes keep the rules of their crop mode`() {
        var random = SeededRandom()
        for _ in 0..<5_000 {
            let source = random.size(upTo: 20_000)
            let box = random.size(upTo: 5_000)
            for crop in CropMode.allCases {
                let plan = plan(source, to: box, crop: crop)
                let ratios = (Double(box.width) / Double(source.width), Double(box.height) / Double(source.height))
                let expected: (Double, Double)
                switch crop {
                case .force: expected = ratios
                case .maintainRatio, .atLeast: expected = (max(ratios.0, ratios.1), max(ratios.0, ratios.1))
                case .atMaxEnlarge: expected = (min(ratios.0, ratios.1), min(ratios.0, ratios.1))
                case .atMax: expected = (min(1, ratios.0, ratios.1), min(1, ratios.0, ratios.1))
                }
                var context: String { "\(source) \(box) \(crop): \(plan)" }
                let exact = (max(1, Double(source.width) * expected.0), max(1, Double(source.height) * expected.1))
                #expect(abs(Double(plan.scaled.width) - exact.0) <= 0.5 + 1e-6, Comment(rawValue: context))
                #expect(abs(Double(plan.scaled.height) - exact.1) <= 0.5 + 1e-6, Comment(rawValue: context))
                #expect(plan.output.width >= 1 && plan.output.height >= 1)
                if crop == .maintainRatio { #expect(plan.output == box, Comment(rawValue: context)) }
                if let cut = plan.crop {
                    #expect(crop == .maintainRatio && cut.left >= 0 && cut.top >= 0, Comment(rawValue: context))
                    #expect(cut.left + cut.width <= plan.scaled.width, Comment(rawValue: context))
                    #expect(cut.top + cut.height <= plan.scaled.height, Comment(rawValue: context))
                    #expect(abs(cut.left * 2 + cut.width - plan.scaled.width) <= 1, Comment(rawValue: context))
                    #expect(abs(cut.top * 2 + cut.height - plan.scaled.height) <= 1, Comment(rawValue: context))
                }
            }
        }
    }

    @Test func `No source and no request overflows or gives a side of zero`() {
        for width in [Int.min, -1, 0, 1, 65_535, .max] {
            for height in [0, 1, 1_000_000, .max] {
                for side in [Dimension.pixels(65_535), .pixels(1), .fraction(0.999999), .fraction(0.000001)] {
                    for crop in CropMode.allCases {
                        for other in [nil, side, .pixels(1)] {
                            let resize = Resize(width: side, height: other, crop: crop, devicePixelRatio: 5)
                            let size = outputSize(of: PixelSize(width: width, height: height), resize: resize)
                            #expect(size.width >= 1 && size.height >= 1)
                        }
                    }
                }
            }
        }
    }
}

extension SeededRandom {
    fileprivate mutating func size(upTo largest: Int) -> PixelSize {
        PixelSize(width: .random(in: 1...largest, using: &self), height: .random(in: 1...largest, using: &self))
    }
}
