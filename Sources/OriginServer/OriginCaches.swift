import CacheProtocol
import Logging
import NodeAgent
import ObjectCache

/// The shield: source images and variants.
struct OriginCaches: Sendable {
    let sources: ObjectCache
    let variants: ObjectCache

    /// Each fill holds a source in memory from its reading to the end of its transform.
    private static let maximumFills = 128

    init(_ configuration: OriginConfiguration, rules: RuleBook, expecting: [Erasure], log: Logger) throws {
        func cache(_ name: String, _ diskBytes: Int, _ admission: AdmissionPolicy) throws -> ObjectCache {
            try ObjectCache(
                configuration: ObjectCacheConfiguration(
                    folder: "\(configuration.node.dataFolder)/cache/\(name)", diskBytes: diskBytes,
                    memoryBytes: configuration.memoryBytes / 2, maximumFills: Self.maximumFills,
                    eviction: configuration.eviction, admission: admission),
                rules: rules, expecting: expecting,
                report: { incident in
                    log.error("cache incident", metadata: ["cache": "\(name)", "incident": "\(incident)"])
                })
        }
        sources = try cache("sources", configuration.sourceCacheBytes, .always)
        variants = try cache("variants", configuration.variantCacheBytes, configuration.admission)
    }

    func removeAll() async throws {
        try await sources.removeAll()
        try await variants.removeAll()
    }

    func sweep() async {
        await sources.sweep()
        await variants.sweep()
    }

    func raiseFloor(to floor: Revision) async throws {
        try await sources.raiseFloor(to: floor)
        try await variants.raiseFloor(to: floor)
    }

    func expect(_ erasures: [Erasure]) {
        sources.expect(erasures)
        variants.expect(erasures)
    }

    /// - Returns: a report for each erase, of both caches together.
    func destroy(_ erasures: [Erasure]) async throws -> [RemovalReport] {
        async let ofSources = sources.destroy(erasures)
        async let ofVariants = variants.destroy(erasures)
        return zip(try await ofSources, try await ofVariants).map { source, variant in
            RemovalReport(
                revision: source.revision, objects: source.objects + variant.objects,
                bytes: source.bytes + variant.bytes, at: variant.at)
        }
    }

    func records(of erased: [SourceIdentity]) async throws -> [KeptRecord] {
        try await sources.keptRecords(of: erased, in: "sources") + variants.keptRecords(of: erased, in: "variants")
    }

    func shutdown() async {
        await sources.shutdown()
        await variants.shutdown()
    }
}
