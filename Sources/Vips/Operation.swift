internal import CVips

/// One call of a libvips operation: named, given arguments, run once, its result taken.
///
/// Operations are called as objects with properties, because libvips' C functions are variadic. Names and enumerations
/// are those of the libvips reference; an enumeration is set by its integer.
struct Operation: ~Copyable {
    private let name: String
    private var pointer: UnsafeMutablePointer<VipsOperation>

    init(_ name: String) throws(VipsError) {
        // Else libvips would start by itself, with every loader open.
        try VipsLibrary.start()
        guard let operation = vips_operation_new(name) else {
            throw VipsError(operation: name, detail: VipsLibrary.takeErrorText())
        }
        self.name = name
        self.pointer = operation
    }

    deinit {
        // The operation holds references to its outputs until it is told to let them go.
        vips_object_unref_outputs(UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: VipsObject.self))
        g_object_unref(pointer)
    }

    func set(_ property: String, _ value: Int) throws(VipsError) {
        try set(property, type: vignette_type_int()) { g_value_set_int($0, Int32(clamping: value)) }
    }

    func set(_ property: String, _ value: Double) throws(VipsError) {
        try set(property, type: vignette_type_double()) { g_value_set_double($0, value) }
    }

    func set(_ property: String, _ value: Bool) throws(VipsError) {
        try set(property, type: vignette_type_boolean()) { g_value_set_boolean($0, value ? 1 : 0) }
    }

    func set(_ property: String, _ value: String) throws(VipsError) {
        try set(property, type: vignette_type_string()) { g_value_set_string($0, value) }
    }

    func set(_ property: String, _ image: VipsImage) throws(VipsError) {
        try set(property, type: vips_image_get_type()) { g_value_set_object($0, image.pointer) }
    }

    func set(_ property: String, _ values: [Double]) throws(VipsError) {
        let array = values.withUnsafeBufferPointer { vips_array_double_new($0.baseAddress, Int32($0.count)) }
        defer { vips_area_unref(UnsafeMutableRawPointer(array)?.assumingMemoryBound(to: VipsArea.self)) }
        try set(property, type: vips_array_double_get_type()) { g_value_set_boxed($0, array) }
    }

    /// The operation reads the bytes where they are: the image that results must keep their owner alive.
    func set(_ property: String, borrowing bytes: ImageBytes) throws(VipsError) {
        let blob = vips_blob_new(nil, bytes.bytes.baseAddress, bytes.bytes.count)
        defer { vips_area_unref(UnsafeMutableRawPointer(blob)?.assumingMemoryBound(to: VipsArea.self)) }
        try set(property, type: vips_blob_get_type()) { g_value_set_boxed($0, blob) }
    }

    /// Runs the operation and returns its image, which keeps `source` alive.
    consuming func image(_ property: String = "out", keeping source: ImageBytes?) throws(VipsError) -> VipsImage {
        try build()
        var value = GValue()
        g_value_init(&value, vips_image_get_type())
        defer { g_value_unset(&value) }
        get(property, &value)
        guard let object = g_value_dup_object(&value) else {
            throw VipsError(operation: name, detail: "no \(property)")
        }
        return VipsImage(owned: object.assumingMemoryBound(to: CVips.VipsImage.self), source: source)
    }

    /// Runs the operation and returns its number.
    consuming func number(_ property: String = "out") throws(VipsError) -> Double {
        try build()
        var value = GValue()
        g_value_init(&value, vignette_type_double())
        defer { g_value_unset(&value) }
        get(property, &value)
        return g_value_get_double(&value)
    }

    /// Runs the operation and returns the bytes it made.
    consuming func bytes(_ property: String = "buffer") throws(VipsError) -> EncodedBytes {
        try build()
        var value = GValue()
        g_value_init(&value, vips_blob_get_type())
        defer { g_value_unset(&value) }
        get(property, &value)
        guard let blob = g_value_dup_boxed(&value) else {
            throw VipsError(operation: name, detail: "no \(property)")
        }
        return EncodedBytes(owned: blob.assumingMemoryBound(to: VipsArea.self))
    }

    private mutating func build() throws(VipsError) {
        var built: UnsafeMutablePointer<VipsOperation>? = pointer
        let status = vips_cache_operation_buildp(&built)
        if let built {
            pointer = built
        }
        guard status == 0 else {
            throw VipsError(operation: name, detail: VipsLibrary.takeErrorText())
        }
    }

    private func set(
        _ property: String, type: GType, _ assign: (UnsafeMutablePointer<GValue>) -> Void
    ) throws(VipsError) {
        // A misspelt name would only be warned about and leave the default in place.
        guard vignette_has_property(pointer, property) != 0 else {
            throw VipsError(operation: name, detail: "it has no property \(property)")
        }
        var value = GValue()
        g_value_init(&value, type)
        defer { g_value_unset(&value) }
        assign(&value)
        g_object_set_property(object, property, &value)
    }

    private func get(_ property: String, _ value: UnsafeMutablePointer<GValue>) {
        g_object_get_property(object, property, value)
    }

    private var object: UnsafeMutablePointer<GObject> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: GObject.self)
    }
}
