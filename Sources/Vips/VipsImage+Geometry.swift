internal import CVips

extension VipsImage {
    /// Resamples to exactly this size (Lanczos 3 downwards, cubic upwards). Alpha must be premultiplied.
    public func resized(width: Int, height: Int) throws(VipsError) -> VipsImage {
        guard width != self.width || height != self.height else { return self }
        let horizontal = Double(width) / Double(self.width)
        let vertical = Double(height) / Double(self.height)
        return try applying("resize") { operation throws(VipsError) in
            try operation.set("scale", horizontal)
            try operation.set("vscale", vertical)
        }
    }

    public func cropped(x: Int, y: Int, width: Int, height: Int) throws(VipsError) -> VipsImage {
        guard width != self.width || height != self.height else { return self }
        return try applying("extract_area", as: "input") { operation throws(VipsError) in
            try operation.set("left", x)
            try operation.set("top", y)
            try operation.set("width", width)
            try operation.set("height", height)
        }
    }

    /// Turns the picture the way its EXIF orientation says and forgets the orientation. Reads pixels in any order.
    public func uprighted() throws(VipsError) -> VipsImage {
        guard orientation != 1 else { return self }
        return try applying("autorot")
    }
}
