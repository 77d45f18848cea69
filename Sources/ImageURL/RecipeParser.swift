/// Collects the transformation texts of one URL into one recipe. Several texts are one chain, in the order read.
struct RecipeParser {
    private let limits: ImageURLLimits
    private let transformations: NamedTransformations
    private var steps: [RecipeStep] = []
    private var format: RequestedFormat?
    private var quality: Int?
    private var stepCount = 0
    private var itemCount = 0

    init(limits: ImageURLLimits, transformations: NamedTransformations = NamedTransformations()) {
        self.limits = limits
        self.transformations = transformations
    }

    mutating func read(_ text: [UInt8], place: TransformationPlace) throws(ImageURLError) {
        var text = TransformationText(text, place: place)
        var step = StepDraft()
        while let item = try text.next() {
            if item.key.elementsEqual("n".utf8), !item.place.isDefinition {
                try readNamed(item, into: &step)
            } else {
                try read(item, into: &step)
            }
            if item.endsStep { try end(&step, at: item) }
        }
    }

    /// A name stands for the text of its definition, also beside other items: `n-thumb,q-50` adds to the definition's last
    /// step (reference §1.5 leaves it open).
    private mutating func readNamed(_ item: TransformationItem, into step: inout StepDraft) throws(ImageURLError) {
        guard let definition = transformations[item.value ?? []] else {
            throw .badTransformation("\(item.located): no transformation has this name here")
        }
        var text = TransformationText(definition, place: .named)
        while let inner = try text.next() {
            try read(inner, into: &step)
            if inner.endsStep, !text.isAtEnd { try end(&step, at: inner) }
        }
    }

    private mutating func end(_ step: inout StepDraft, at item: TransformationItem) throws(ImageURLError) {
        stepCount += 1
        guard stepCount <= limits.steps else {
            throw .limit("the transformation has more than \(limits.steps) steps: \(item.located) is too many")
        }
        steps.append(step.finish())
        step = StepDraft()
    }

    /// - Parameter defaultFormat: what a URL without `f` means at its endpoint.
    func finish(defaultFormat: RequestedFormat) -> Recipe {
        let output = OutputOptions(format: format ?? defaultFormat, quality: quality)
        return Recipe(steps: steps, output: output).normalized
    }

    /// Where a key is given twice in a step the later one counts; a value that is ignored counts as not given.
    private mutating func read(_ item: TransformationItem, into step: inout StepDraft) throws(ImageURLError) {
        itemCount += 1
        guard itemCount <= limits.items else {
            throw .limit("the transformation has more than \(limits.items) items: \(item.located) is too many")
        }
        switch String(decoding: item.key, as: UTF8.self) {
        case "w": step.width = try item.dimension() ?? step.width
        case "h": step.height = try item.dimension() ?? step.height
        case "c": step.crop = try item.cropMode()
        case "dpr": step.devicePixelRatio = try item.devicePixelRatio()
        case "f": format = try item.format()
        case "q": quality = try item.quality()
        case "n": throw .badTransformation("\(item.located): a named transformation can't hold another one")
        case let key where keysNotYetSupported.contains(key):
            throw .unsupported("\(item.located): \"\(key)\" is not supported yet")
        default:
            throw .unsupported("\(item.located) is no transformation that is known here; known are w, h, c, dpr, f, q")
        }
    }
}

/// The items of the step that is being read, before it is known what they mean together.
private struct StepDraft {
    var width: Dimension?
    var height: Dimension?
    var crop = CropMode.maintainRatio
    var devicePixelRatio = 1.0

    func finish() -> RecipeStep {
        let resize = Resize(width: width, height: height, crop: crop, devicePixelRatio: devicePixelRatio)
        return RecipeStep(resize: resize)
    }
}

/// Keys of reference §2 that exist there and not yet here.
private let keysNotYetSupported: Set<String> = [
    "ar", "cm", "fo", "x", "y", "xc", "yc", "z", "lo", "pr", "md", "cp", "c2pa", "dn", "orig", "di", "pg", "rt",
    "fl", "r", "b", "bg", "o", "t", "bl", "e", "cr", "if", "l", "i", "ie", "lx", "ly", "lxc", "lyc", "lap", "lfo", "lm",
    "vc", "ac", "so", "eo", "du", "sr",
]
