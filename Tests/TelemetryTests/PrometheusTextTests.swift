import TestPrograms
import Testing

@testable import Telemetry

@Suite("What a scrape reads")
struct PrometheusTextTests {
    @Test("counters, gauges and histograms in the text format, in the order of registration")
    func wholeText() {
        let registry = MetricsRegistry()
        let requests = registry.counters(
            "vignette_requests_total", help: "Requests.", label: "cache", of: CacheOutcome.self
        )
        let length = registry.gauge("vignette_queue_length", help: "Jobs that wait.")
        let duration = registry.histogram(
            "vignette_transform_seconds", help: "Time of one transform.",
            buckets: HistogramBuckets(bounds: [1_000_000, 2_500_000_000], rawPerUnit: 1e9), labels: ["class": "small"]
        )
        registry.gauge("vignette_ratio", help: "A reading.") { 0.25 }
        requests[.hit].increment(by: 3)
        requests[.collapsed].increment()
        length.set(5)
        length.add(-7)
        duration.record(1_000_000)
        duration.record(.milliseconds(1500))
        duration.record(.seconds(60))

        #expect(
            text(registry) == """
                # HELP vignette_requests_total Requests.
                # TYPE vignette_requests_total counter
                vignette_requests_total{cache="hit"} 3
                vignette_requests_total{cache="miss"} 0
                vignette_requests_total{cache="stale"} 0
                vignette_requests_total{cache="bypass"} 0
                vignette_requests_total{cache="collapsed"} 1
                # HELP vignette_queue_length Jobs that wait.
                # TYPE vignette_queue_length gauge
                vignette_queue_length -2
                # HELP vignette_transform_seconds Time of one transform.
                # TYPE vignette_transform_seconds histogram
                vignette_transform_seconds_bucket{class="small",le="0.001"} 1
                vignette_transform_seconds_bucket{class="small",le="2.5"} 2
                vignette_transform_seconds_bucket{class="small",le="+Inf"} 3
                vignette_transform_seconds_sum{class="small"} 61.501
                vignette_transform_seconds_count{class="small"} 3
                # HELP vignette_ratio A reading.
                # TYPE vignette_ratio gauge
                vignette_ratio 0.25

                """
        )
    }

    @Test("label values and help texts cannot break out of their line")
    func escaping() {
        let registry = MetricsRegistry()
        _ = registry.counter("odd_total", help: "back\\slash\nline", labels: ["path": "a\"b\\c\nd"])

        #expect(
            text(registry) == """
                # HELP odd_total back\\\\slash\\nline
                # TYPE odd_total counter
                odd_total{path="a\\"b\\\\c\\nd"} 0

                """
        )
    }

    @Test("the same name and labels are the same handle, from wherever they are asked for")
    func oneHandle() {
        let registry = MetricsRegistry()
        registry.counter("hits_total", help: "Hits.", labels: ["tier": "memory"]).increment()
        registry.counter("hits_total", help: "Hits.", labels: ["tier": "disk"]).increment()
        registry.counter("hits_total", help: "Hits.", labels: ["tier": "memory"]).increment()

        #expect(text(registry).contains("hits_total{tier=\"memory\"} 2\nhits_total{tier=\"disk\"} 1\n"))
    }

    @Test("a name's series are bounded: what comes late shares one series")
    func boundedCardinality() {
        let registry = MetricsRegistry()
        for number in 0..<1000 {
            registry.counter("paths_total", help: "Paths.", labels: ["path": "/\(number)"]).increment()
        }
        let series = text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }

        #expect(series.count == MetricsRegistry.maximumSeries)
        #expect(series.last == "paths_total{path=\"other\"} 745")
    }

    @Test("Prometheus' own checker has nothing to say against any kind of metric")
    func promtool() async throws {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        _ = registry.counters("vignette_requests_total", help: "Requests.", label: "cache", of: CacheOutcome.self)
        registry.histogram("vignette_request_seconds", help: "Time to answer.").record(.milliseconds(3))
        registry.histogram("vignette_body_bytes", help: "Sizes.", buckets: .bytes).record(123_456)
        registry.gauge("vignette_cache_bytes", help: "Bytes \"held\".", labels: ["tier": "d\\i\"s\nk"]).set(1)

        let check = try await Program.run(["promtool", "check", "metrics"], input: registry.prometheusText())

        #expect(check.output == "")
        #expect(check.status == 0)
    }

    @Test("the process tells what it uses")
    func processMetrics() throws {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        var values: [String: Double] = [:]
        for line in text(registry).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            values[String(parts[0])] = Double(parts[1])
        }

        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_virtual_memory_bytes"]) > values["process_resident_memory_bytes"]!)
        #expect(try #require(values["process_open_fds"]) >= 3)
        #expect(try #require(values["process_max_fds"]) >= 64)
        #expect(try #require(values["process_threads"]) >= 1)
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        let start = try #require(values["process_start_time_seconds"])
        let now = Double(Timestamp.now.microseconds) / 1e6
        #expect(start > now - 86_400 && start < now + 5)
    }

    private func text(_ registry: MetricsRegistry) -> String {
        String(decoding: registry.prometheusText(), as: UTF8.self)
    }
}
