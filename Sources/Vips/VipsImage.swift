internal import CVips

/// A libvips image: mostly a plan of pixels not computed yet. Errors in the bytes can therefore appear in any later call
/// that needs pixels, the encoders most of all.
///
/// Not `Sendable`: one image is used on one thread.
public final class VipsImage {
    let pointer: UnsafeMutablePointer<CVips.VipsImage>
    let source: ImageBytes?

    init(owned pointer: UnsafeMutablePointer<CVips.VipsImage>, source: ImageBytes?) {
        self.pointer = pointer
        self.source = source
    }

    /// 8-bit pixels, row by row, band by band. One or two bands are grey, three or four sRGB; the even counts have alpha.
    public convenience init(width: Int, height: Int, bands: Int, pixels: [UInt8]) throws(VipsError) {
        precondition(pixels.count == width * height * bands)
        try VipsLibrary.start()
        let copy = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy(
                $0.baseAddress, $0.count, Int32(width), Int32(height), Int32(bands), VIPS_FORMAT_UCHAR)
        }
        guard let copy else {
            throw VipsError(operation: "vips_image_new_from_memory_copy", detail: VipsLibrary.takeErrorText())
        }
        copy.pointee.Type = bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
        self.init(owned: copy, source: nil)
    }

    deinit {
        g_object_unref(pointer)
    }

    public var width: Int { Int(vips_image_get_width(pointer)) }
    public var height: Int { Int(vips_image_get_height(pointer)) }
    public var bands: Int { Int(vips_image_get_bands(pointer)) }
    public var hasAlpha: Bool { vips_image_hasalpha(pointer) != 0 }

    /// EXIF orientation, 1 to 8; 1 where the image has none.
    public var orientation: Int {
        let value = Int(vips_image_get_orientation(pointer))
        return (1...8).contains(value) ? value : 1
    }

    /// Frames of an animation, pages of a document; 1 for a plain picture.
    public var pageCount: Int { max(1, Int(vips_image_get_n_pages(pointer))) }

    public var hasColourProfile: Bool { vips_image_get_typeof(pointer, VIPS_META_ICC_NAME) != 0 }
    public var isEightBit: Bool { bandFormat == VIPS_FORMAT_UCHAR }
    public var isCMYK: Bool { interpretation == VIPS_INTERPRETATION_CMYK }

    var interpretation: VipsInterpretation { vips_image_guess_interpretation(pointer) }
    var bandFormat: VipsBandFormat { vips_image_get_format(pointer) }

    /// Computes all pixels now and keeps them in memory, so that they can be read in any order and more than once.
    public func materialised() throws(VipsError) -> VipsImage {
        guard let copy = vips_image_copy_memory(pointer) else {
            throw VipsError(operation: "vips_image_copy_memory", detail: VipsLibrary.takeErrorText())
        }
        return VipsImage(owned: copy, source: source)
    }

    /// Computed now, like ``materialised()``, and rid of everything but the pixels: what the savers' own `strip` leaves
    /// behind (WebP's keeps EXIF) included.
    public func materialisedWithoutMetadata() throws(VipsError) -> VipsImage {
        let copy = try materialised()
        guard let names = vips_image_get_fields(copy.pointer) else { return copy }
        defer { g_strfreev(names) }
        var next = names
        while let name = next.pointee {
            // The image's own properties (width, height …) are listed too, and stay.
            vips_image_remove(copy.pointer, name)
            next += 1
        }
        return copy
    }

    /// The value of each band at one pixel.
    public func pixel(x: Int, y: Int) throws(VipsError) -> [Double] {
        var values: UnsafeMutablePointer<Double>?
        var count: Int32 = 0
        guard vignette_getpoint(pointer, &values, &count, Int32(x), Int32(y)) == 0, let values else {
            throw VipsError(operation: "getpoint", detail: VipsLibrary.takeErrorText())
        }
        defer { g_free(values) }
        return Array(UnsafeBufferPointer(start: values, count: Int(count)))
    }

    /// Runs one operation whose image input is this one.
    func applying(
        _ name: String, as input: String = "in", _ configure: (borrowing Operation) throws(VipsError) -> Void = { _ in }
    ) throws(VipsError) -> VipsImage {
        let operation = try Operation(name)
        try operation.set(input, self)
        try configure(operation)
        return try operation.image(keeping: source)
    }
}
