import CacheProtocol
import Synchronization
import Telemetry

/// What an origin counts.
final class OriginMetrics: Sendable {
    let registry = MetricsRegistry()
    let answers: WorkCounters
    let failures: FailureCounters
    private let transformSeconds: Histogram
    private let storageReads: Counter
    private let storageFailures: Counter
    private let storageSeconds: Histogram
    private let transforms: Counter

    init() {
        registry.addProcessMetrics()
        answers = WorkCounters(registry)
        failures = FailureCounters(registry)
        transforms = registry.counter("vignette_transforms_total", help: "Images made by the workers.")
        transformSeconds = registry.histogram(
            "vignette_transform_duration_seconds", help: "One transform, its wait for a worker included.")
        storageReads = registry.counter("vignette_storage_reads_total", help: "Reads of source images from storages.")
        storageFailures = registry.counter(
            "vignette_storage_read_failures_total", help: "Reads of source images that failed, missing files included.")
        storageSeconds = registry.histogram(
            "vignette_storage_read_duration_seconds", help: "One read of a source image from its storage.")
    }

    func timeTransform<Value>(_ work: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        let value = try await work()
        transformSeconds.record(ContinuousClock.now - start)
        transforms.increment()
        return value
    }

    func timeStorageRead<Value>(_ storage: String, _ work: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        storageReads.increment()
        do {
            let value = try await work()
            storageSeconds.record(ContinuousClock.now - start)
            return value
        } catch {
            storageFailures.increment()
            throw error
        }
    }
}

/// Answers by what they took.
struct WorkCounters: Sendable {
    private let counters: [OriginWork: Counter]

    init(_ registry: MetricsRegistry) {
        counters = Dictionary(
            uniqueKeysWithValues: OriginWork.allCases.map { work in
                (
                    work,
                    registry.counter(
                        "vignette_origin_answers_total", help: "Objects given to edges, by what they took.",
                        labels: ["work": work.description])
                )
            })
    }

    func increment(_ work: OriginWork) {
        counters[work]?.increment()
    }
}

/// Failures by the first digit of their status.
struct FailureCounters: Sendable {
    private let client: Counter
    private let server: Counter

    init(_ registry: MetricsRegistry) {
        let help = "Requests of edges that got no object, by the class of the status."
        client = registry.counter("vignette_origin_failures_total", help: help, labels: ["class": "4xx"])
        server = registry.counter("vignette_origin_failures_total", help: help, labels: ["class": "5xx"])
    }

    func increment(status: UInt16) {
        (status < 500 ? client : server).increment()
    }
}

/// What a fill did, told to the request that led it.
final class MadeHow: Sendable {
    private let raw = Atomic<UInt8>(OriginWork.collapsed.rawValue)

    var work: OriginWork {
        get { OriginWork(rawValue: raw.load(ordering: .acquiring)) ?? .collapsed }
        set { raw.store(newValue.rawValue, ordering: .releasing) }
    }
}
