/// Width and height in pixels, as seen: after the orientation that the image's metadata ask for.
public struct PixelSize: Hashable, Sendable {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// A part of an image, in pixels from its top left corner.
public struct PixelRectangle: Hashable, Sendable {
    public var left: Int
    public var top: Int
    public var width: Int
    public var height: Int

    public init(left: Int, top: Int, width: Int, height: Int) {
        self.left = left
        self.top = top
        self.width = width
        self.height = height
    }
}

/// What to do to an image so that it gets the size asked for (reference §2.3, §2.4): scale it to `scaled`, both sides
/// on their own, then cut `crop` out of that. No side is ever zero.
///
/// Exact integer arithmetic, rounded to the nearest pixel, halves up.
public struct ResizePlan: Hashable, Sendable {
    public var scaled: PixelSize
    /// Centred. nil: nothing is cut.
    public var crop: PixelRectangle?

    public var output: PixelSize {
        crop.map { PixelSize(width: $0.width, height: $0.height) } ?? scaled
    }

    /// - Parameters:
    ///   - source: the image as it comes into the step.
    ///   - original: the source image of the whole chain, of which fractions are fractions; nil: the step is the first.
    public init(source: PixelSize, original: PixelSize? = nil, resize: Resize) {
        let source = source.withinArithmetic
        let (width, height) = resize.requestedSides(of: (original ?? source).withinArithmetic)
        switch (width, height) {
        case (let width?, let height?):
            self.init(source: source, box: PixelSize(width: width, height: height), crop: resize.crop)
        case (let width?, nil) where resize.crop == .atMax && width >= source.width:
            self.init(scaled: source)
        case (nil, let height?) where resize.crop == .atMax && height >= source.height:
            self.init(scaled: source)
        case (let width?, nil):
            self.init(scaled: source.scaled(toWidth: width))
        case (nil, let height?):
            self.init(scaled: source.scaled(toHeight: height))
        case (nil, nil):
            self.init(scaled: source)
        }
    }

    private init(scaled: PixelSize, crop: PixelRectangle? = nil) {
        self.scaled = scaled
        self.crop = crop
    }

    private init(source: PixelSize, box: PixelSize, crop: CropMode) {
        switch crop {
        case .force:
            self.init(scaled: box)
        case .atMax where box.width >= source.width && box.height >= source.height:
            self.init(scaled: source)
        case .atMax, .atMaxEnlarge:
            self.init(scaled: source.fitting(box))
        case .atLeast:
            self.init(scaled: source.covering(box))
        case .maintainRatio:
            let scaled = source.covering(box)
            let window = PixelRectangle(
                left: (scaled.width - box.width) / 2, top: (scaled.height - box.height) / 2,
                width: box.width, height: box.height
            )
            self.init(scaled: scaled, crop: scaled == box ? nil : window)
        }
    }
}

/// The size of the result of one step; see ``ResizePlan``.
public func outputSize(of source: PixelSize, original: PixelSize? = nil, resize: Resize) -> PixelSize {
    ResizePlan(source: source, original: original, resize: resize).output
}

extension Resize {
    /// Both sides in whole pixels, at least 1, with the pixel ratio multiplied in where it counts.
    fileprivate func requestedSides(of original: PixelSize) -> (width: Int?, height: Int?) {
        guard let resize = normalized else { return (nil, nil) }
        let ratio = Decimal(resize.devicePixelRatio)?.millionths ?? Decimal.unit
        let sides = (
            width: resize.width.map { $0.millionths(of: original.width) },
            height: resize.height.map { $0.millionths(of: original.height) }
        )
        let multiplied = (width: sides.width.map { $0 * ratio }, height: sides.height.map { $0 * ratio })
        let counts = ratio != Decimal.unit && [multiplied.width, multiplied.height].allSatisfy(isInRange)
        let scale = Decimal.unit * Decimal.unit
        return counts
            ? (multiplied.width.map { rounded($0, scale) }, multiplied.height.map { rounded($0, scale) })
            : (sides.width.map { rounded($0, Decimal.unit) }, sides.height.map { rounded($0, Decimal.unit) })
    }

    private func isInRange(_ product: Int?) -> Bool {
        guard let product else { return true }
        let range = TransformationBounds.multipliedSide
        let scale = Decimal.unit * Decimal.unit
        return product >= range.lowerBound * scale && product <= range.upperBound * scale
    }
}

extension Dimension {
    fileprivate func millionths(of side: Int) -> Int {
        switch self {
        case .pixels(let pixels): pixels * Decimal.unit
        case .fraction(let fraction): (Decimal(fraction)?.millionths ?? Decimal.unit) * side
        }
    }
}

extension PixelSize {
    /// Sides for which no product below overflows; images that large do not pass the decoders' limits.
    fileprivate var withinArithmetic: PixelSize {
        let largest = 1_000_000
        return PixelSize(width: min(max(width, 1), largest), height: min(max(height, 1), largest))
    }

    fileprivate func scaled(toWidth width: Int) -> PixelSize {
        PixelSize(width: width, height: rounded(width * height, self.width))
    }

    fileprivate func scaled(toHeight height: Int) -> PixelSize {
        PixelSize(width: rounded(height * width, self.height), height: height)
    }

    /// The largest size of the same shape inside `box`.
    fileprivate func fitting(_ box: PixelSize) -> PixelSize {
        box.width * height <= box.height * width ? scaled(toWidth: box.width) : scaled(toHeight: box.height)
    }

    /// The smallest size of the same shape that covers `box`.
    fileprivate func covering(_ box: PixelSize) -> PixelSize {
        box.width * height >= box.height * width ? scaled(toWidth: box.width) : scaled(toHeight: box.height)
    }
}

/// The nearest whole number to a fraction of positive numbers, halves up, at least 1.
private func rounded(_ numerator: Int, _ denominator: Int) -> Int {
    max(1, (numerator + denominator / 2) / denominator)
}
