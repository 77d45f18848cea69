internal import CVips

extension VipsImage {
    /// 8 bits per band, sRGB or grey, whatever the source was: an embedded profile is applied, CMYK without one goes
    /// through a common press profile, 16 bits become 8. Alpha stays.
    public func inStandardColour() throws(VipsError) -> VipsImage {
        var image = self
        if hasColourProfile || isCMYK {
            image = try throughProfile()
        }
        let isGrey = image.interpretation == VIPS_INTERPRETATION_B_W || image.interpretation == VIPS_INTERPRETATION_GREY16
        let space = isGrey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
        if image.interpretation != space || image.bandFormat != VIPS_FORMAT_UCHAR {
            image = try image.applying("colourspace") { operation throws(VipsError) in
                try operation.set("space", Int(space.rawValue))
            }
        }
        return try image.in8Bits()
    }

    /// A profile that can't be used (damaged, or of another colour space than the pixels) is passed over, as browsers do.
    private func throughProfile() throws(VipsError) -> VipsImage {
        do {
            return try applying("icc_transform") { operation throws(VipsError) in
                try operation.set("output-profile", "srgb")
                try operation.set("embedded", true)
                if isCMYK {
                    try operation.set("input-profile", "cmyk")
                }
                try operation.set("depth", 8)
            }
        } catch {
            guard !isCMYK else { throw error }
            return self
        }
    }

    /// Colour bands multiplied by alpha, as resampling needs them; floating point.
    public func premultiplied() throws(VipsError) -> VipsImage {
        try applying("premultiply")
    }

    /// The reverse of ``premultiplied()``, in 8 bits.
    public func unpremultiplied() throws(VipsError) -> VipsImage {
        try applying("unpremultiply").in8Bits()
    }

    private func in8Bits() throws(VipsError) -> VipsImage {
        guard bandFormat != VIPS_FORMAT_UCHAR else { return self }
        return try applying("cast") { operation throws(VipsError) in
            try operation.set("format", Int(VIPS_FORMAT_UCHAR.rawValue))
        }
    }

    /// Laid over one colour, for formats without alpha.
    public func flattened(red: Int, green: Int, blue: Int) throws(VipsError) -> VipsImage {
        guard hasAlpha else { return self }
        let background = bands < 3 ? [Double(green)] : [Double(red), Double(green), Double(blue)]
        return try applying("flatten") { operation throws(VipsError) in
            try operation.set("background", background)
        }
    }

    /// Whether every pixel is opaque. Reads all pixels.
    public func isOpaque() throws(VipsError) -> Bool {
        guard hasAlpha else { return true }
        let alpha = try withOnlyBand(bands - 1)
        let operation = try Operation("min")
        try operation.set("in", alpha)
        return try operation.number() >= 255
    }

    /// Without its alpha band.
    public func withoutAlpha() throws(VipsError) -> VipsImage {
        guard hasAlpha else { return self }
        return try applying("extract_band") { operation throws(VipsError) in
            try operation.set("band", 0)
            try operation.set("n", bands - 1)
        }
    }

    private func withOnlyBand(_ band: Int) throws(VipsError) -> VipsImage {
        try applying("extract_band") { operation throws(VipsError) in
            try operation.set("band", band)
        }
    }
}
