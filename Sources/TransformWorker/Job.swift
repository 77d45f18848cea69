internal import Glibc
internal import ImageTransform
internal import ImageURL
internal import Vips
internal import WorkerProtocol

/// Does one job and says how it went.
func perform(
    _ job: TransformJob, on source: SealedMemory, with transformer: ImageTransformer
) -> (Frame, SealedMemory?) {
    let start = cpuMicroseconds()
    do throws(TransformFailure) {
        let bytes = try mapped(source)
        let variant = try transformer.transform(
            bytes, recipe: try recipe(job.recipe), policy: job.policy, limits: job.limits)
        let memory = try sealed(variant.bytes)
        let result = TransformResult(
            job: job.number, format: variant.format.rawValue, width: variant.width, height: variant.height,
            byteCount: memory.count, sourceWidth: variant.sourceWidth, sourceHeight: variant.sourceHeight,
            cpuMicroseconds: cpuMicroseconds() - start)
        return (.done(result), memory)
    } catch {
        return (.failed(job: job.number, error), nil)
    }
}

private func recipe(_ text: String) throws(TransformFailure) -> Recipe {
    do {
        return try Recipe(canonical: text)
    } catch {
        throw TransformFailure(.internalError, diagnostic: "recipe: \(error)")
    }
}

private func mapped(_ source: SealedMemory) throws(TransformFailure) -> ImageBytes {
    do {
        return ImageBytes(adopting: try source.mapped()) { bytes in
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        }
    } catch {
        throw TransformFailure(.internalError, diagnostic: error.description)
    }
}

private func sealed(_ bytes: EncodedBytes) throws(TransformFailure) -> SealedMemory {
    do {
        return try bytes.withUnsafeBytes { bytes throws(SystemError) in try SealedMemory(copying: bytes) }
    } catch {
        throw TransformFailure(.internalError, diagnostic: error.description)
    }
}

private func cpuMicroseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}
