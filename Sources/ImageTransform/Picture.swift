internal import ImageURL
internal import Vips

// Steps on a picture, in the terms of the size plan.

extension VipsImage {
    /// EXIF orientations 5 to 8 lie on their side.
    var orientationSwapsSides: Bool { orientation >= 5 }

    /// Alpha is multiplied in before scaling and 16 bits are more than scaling should carry: both are simpler in 8-bit sRGB.
    var needsStandardColourToScale: Bool { hasAlpha || !isEightBit }

    /// Scaled to exactly this size. Transparent pixels do not bleed their hidden colour into their neighbours.
    func scaled(to size: PixelSize) throws(VipsError) -> VipsImage {
        guard size.width != width || size.height != height else { return self }
        guard hasAlpha else { return try resized(width: size.width, height: size.height) }
        return try premultiplied().resized(width: size.width, height: size.height).unpremultiplied()
    }

    func cropped(to window: PixelRectangle?) throws(VipsError) -> VipsImage {
        guard let window else { return self }
        return try cropped(x: window.left, y: window.top, width: window.width, height: window.height)
    }

    /// Without an alpha band that says nothing; what still has one afterwards is transparent somewhere.
    func withoutNeedlessAlpha() throws(VipsError) -> VipsImage {
        guard hasAlpha, try isOpaque() else { return self }
        return try withoutAlpha()
    }
}
