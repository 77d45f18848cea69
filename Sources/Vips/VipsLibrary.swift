internal import CVips
internal import Glibc

/// The process-wide state of libvips.
public enum VipsLibrary {
    /// Starts libvips with what a process needs that reads hostile bytes: no untrusted loader but SVG's, no operation
    /// cache, one thread per image, nothing on disk. Operations start it where nobody has; a process calls it before
    /// other threads read the environment. More calls do nothing more.
    public static func start() throws(VipsError) {
        try started.get()
    }

    // libvips' own start lets a second caller go on while the first still loads modules.
    private static let started = Result { () throws(VipsError) in try initialise() }

    private static func initialise() throws(VipsError) {
        // One damaged image can write thousands of warnings; they are no reason to fill a log.
        setenv("VIPS_WARNING", "1", 1)
        // Intermediate images stay in memory, where the limits of the process hold them; a file in /tmp they'd escape to.
        setenv("VIPS_DISC_THRESHOLD", "1000g", 1)
        guard vips_init("vignette-worker") == 0 else {
            throw VipsError(operation: "vips_init", detail: takeErrorText())
        }
        // 8.14's PDF loader does not heed the block. Nothing asks for it: loaders are called by name (``SourceFormat``),
        // libvips is never left to choose one.
        vips_block_untrusted_set(1)
        vips_operation_block_set("VipsForeignLoadSvg", 0)
        vips_cache_set_max(0)
        vips_cache_set_max_mem(0)
        vips_cache_set_max_files(0)
        vips_concurrency_set(1)
    }

    /// Empties libvips' error buffer and returns what was in it, as one line.
    static func takeErrorText() -> String {
        guard let text = vips_error_buffer_copy() else { return "" }
        defer { g_free(text) }
        let lines = String(cString: text).split(separator: "\n")
        return lines.joined(separator: "; ")
    }
}
