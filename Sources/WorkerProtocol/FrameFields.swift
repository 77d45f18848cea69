// The fields of each kind of frame: what is written, and what is allowed to be read.

extension TransformJob {
    private static let cpuSecondsAllowed = 1...86_400

    func write(to writer: inout FrameWriter) {
        writer.write(count: sourceBytes)
        writer.write(count: limits.inputBytes)
        writer.write(count: limits.inputPixels)
        writer.write(count: limits.animationPixels)
        writer.write(count: limits.outputPixels)
        writer.write(count: limits.outputBytes)
        writer.write(count: cpuSeconds)
        writer.write(policy.acceptsWebP)
        writer.write(policy.acceptsAVIF)
        writer.write(UInt8(clamping: policy.defaultQuality))
        writer.write(recipe)
    }

    init(number: UInt64, from reader: inout FrameReader) throws(FrameError) {
        let allowed = TransformLimits.allowed
        let sourceBytes = try reader.count("source size", in: allowed)
        let limits = TransformLimits(
            inputBytes: try reader.count("input byte limit", in: allowed),
            inputPixels: try reader.count("input pixel limit", in: allowed),
            animationPixels: try reader.count("animation pixel limit", in: allowed),
            outputPixels: try reader.count("output pixel limit", in: allowed),
            outputBytes: try reader.count("output byte limit", in: allowed))
        let cpuSeconds = try reader.count("CPU limit", in: TransformJob.cpuSecondsAllowed)
        let acceptsWebP = try reader.flag("WebP flag")
        let acceptsAVIF = try reader.flag("AVIF flag")
        let quality = Int(try reader.read(UInt8.self))
        guard OutputPolicy.qualities.contains(quality) else { throw FrameError("quality \(quality)") }
        self.init(
            number: number, sourceBytes: sourceBytes, recipe: try reader.text("recipe", .recipe),
            policy: OutputPolicy(acceptsWebP: acceptsWebP, acceptsAVIF: acceptsAVIF, defaultQuality: quality),
            limits: limits, cpuSeconds: cpuSeconds)
    }
}

extension TransformResult {
    /// The longest side any of our formats can hold.
    private static let sidesAllowed = 1...65_536
    /// A source may be larger in one direction than an output can be.
    private static let sourceSidesAllowed = 1...Int(Int32.max)

    func write(to writer: inout FrameWriter) {
        writer.write(format)
        writer.write(count: width)
        writer.write(count: height)
        writer.write(count: byteCount)
        writer.write(count: sourceWidth)
        writer.write(count: sourceHeight)
        writer.write(count: cpuMicroseconds)
    }

    init(job: UInt64, from reader: inout FrameReader) throws(FrameError) {
        self.init(
            job: job,
            format: try reader.text("format", .formatName),
            width: try reader.count("width", in: TransformResult.sidesAllowed),
            height: try reader.count("height", in: TransformResult.sidesAllowed),
            byteCount: try reader.count("result size", in: TransformLimits.allowed),
            sourceWidth: try reader.count("source width", in: TransformResult.sourceSidesAllowed),
            sourceHeight: try reader.count("source height", in: TransformResult.sourceSidesAllowed),
            cpuMicroseconds: try reader.count("CPU time", in: 0...Int.max))
    }
}

extension TransformFailure {
    func write(to writer: inout FrameWriter) {
        writer.write(kind.rawValue)
        writer.write(limit.rawValue)
        writer.write(count: actual)
        writer.write(count: allowed)
        writer.write(subject)
        writer.write(diagnostic)
    }

    init(from reader: inout FrameReader) throws(FrameError) {
        let kindByte = try reader.read(UInt8.self)
        guard let kind = Kind(rawValue: kindByte) else { throw FrameError("unknown failure \(kindByte)") }
        let limitByte = try reader.read(UInt8.self)
        guard let limit = Limit(rawValue: limitByte) else { throw FrameError("unknown limit \(limitByte)") }
        guard (kind == .tooLarge) == (limit != .none) else {
            throw FrameError("failure \(kindByte) cannot have limit \(limitByte)")
        }
        self.init(
            kind, limit: limit,
            actual: try reader.count("actual", in: 0...Int.max),
            allowed: try reader.count("allowed", in: 0...Int.max),
            subject: try reader.text("subject", .subject),
            diagnostic: try reader.text("diagnostic", .diagnostic))
    }
}
