import Foundation
import Testing

@testable import LoadGenerator

@Suite struct HitsTests {
    // MARK: What wrk says

    @Test func theLineOfTheScriptIsReadFromAllThatWrkWrites() throws {
        let result = try WrkResult(
            output: """
                Running 4s test @ http://127.0.0.1:12001
                  1 threads and 64 connections
                  Latency     1.41ms  203.00us   7.81ms   91.22%
                  178276 requests in 4.00s, 403.23MB read
                Requests/sec:  44569.02
                {"requests": 178276, "bytes": 422814000, "microseconds": 4000100, "p50": 1414, "p99": 1827, \
                "connect": 0, "read": 2, "write": 0, "status": 1, "timeout": 0}

                """)
        #expect(result.requests == 178_276)
        #expect(result.bytes == 422_814_000)
        #expect((result.p50, result.p99) == (1_414, 1_827))
        #expect(result.figures.errors == ["read errors": 2, "statuses of 400 or more": 1])
    }

    @Test func wrkWithoutAResultIsAnError() {
        let error = #expect(throws: LoadTestError.self) {
            try WrkResult(output: "unable to connect to 127.0.0.1:12001 Connection refused\n")
        }
        #expect(error?.code == .tool)
        #expect(error?.message.contains("Connection refused") == true)
    }

    // MARK: What h2load says

    private static let h2load = """
        TLS Protocol: TLSv1.3
        Application protocol: h2
        Main benchmark duration is over for thread #0. Stopping all clients.

        finished in 2.00s, 27750.50 req/s, 53.65MB/s
        requests: 55501 total, 55757 started, 55501 done, 55501 succeeded, 0 failed, 0 errored, 0 timeout
        status codes: 55501 2xx, 0 3xx, 0 4xx, 0 5xx
        traffic: 107.30MB (112511458) total, 7.10MB (7446207) headers (space savings 65.83%), 99.24MB (104065753) data
                             min         max         mean         sd        +/- sd
        time for request:      275us    157.89ms      9.03ms      9.35ms    99.51%

        """

    @Test func theClosingLinesOfH2loadAreRead() throws {
        let result = try GeneratorResult(h2load: Self.h2load)
        #expect(result.requests == 55_501)
        #expect(result.bytes == 104_065_753)
        #expect(result.microseconds == 2_000_000)
        #expect(result.errors.isEmpty)
        let bad = Self.h2load.replacing("0 failed, 0 errored, 0 timeout", with: "5 failed, 1 errored, 4 timeout")
            .replacing("codes: 55501 2xx, 0 3xx, 0 4xx, 0 5xx", with: "codes: 55511 2xx, 1 3xx, 2 4xx, 2 5xx")
        #expect(
            try GeneratorResult(h2load: bad).errors
                == ["failed": 5, "errored": 1, "timeouts": 4, "statuses other than 2xx": 5])
    }

    @Test func h2loadWithoutHTTP2IsAnError() {
        for output in ["", "connection refused", Self.h2load.replacing("protocol: h2\n", with: "protocol: http/1.1\n")] {
            #expect(throws: LoadTestError.self) { try GeneratorResult(h2load: output) }
        }
    }

    // MARK: What makes a round worthless

    private static func evidence(
        _ server: HitServer = .edge, requests: Int = 1_000, bytes: Int? = nil, hits: Int? = 1_003,
        others: [String: Int] = [:],
        errors: (connect: Int, read: Int, write: Int, status: Int, timeout: Int) = (0, 0, 0, 0, 0)
    ) -> HitEvidence {
        let load = WrkResult(
            requests: requests, bytes: bytes ?? requests * (2_048 + 400), microseconds: 1_000_000, p50: 1, p99: 2,
            errors: errors)
        return HitEvidence(
            server: server, size: 2_048, underWay: 64, load: load.figures,
            answers: others.merging(hits.map { ["hit": $0] } ?? [:]) { $1 },
            reasons: others.isEmpty ? [:] : ["cold": 1])
    }

    @Test func aRoundOfHitsAloneHasNoFailure() {
        #expect(Self.evidence().failures.isEmpty)
        #expect(Self.evidence(hits: 1_064).failures.isEmpty)
        #expect(Self.evidence(.nginx, hits: nil).failures.isEmpty)
    }

    @Test func whateverElseHappensIsAFailure() {
        #expect(Self.evidence(requests: 0, hits: nil).failures.contains("nothing was answered"))
        #expect(Self.evidence(errors: (0, 0, 0, 3, 1)).failures == ["wrk met statuses of 400 or more: 3, timeouts: 1"])
        #expect(
            Self.evidence(bytes: 1_000 * 2_048 - 1).failures == [
                "2,047,999 bytes came where 1,000 bodies have 2,048,000"
            ])
        #expect(
            Self.evidence(bytes: 1_000 * 16_384).failures == ["16,384,000 bytes came where 1,000 bodies have 2,048,000"]
        )
        #expect(
            Self.evidence(others: ["miss": 1]).failures == ["not every answer of the edge was a hit: miss: 1 (cold: 1)"]
        )
        #expect(Self.evidence(hits: 999).failures == ["the edge counted 999 hits, wrk 1,000 answers"])
        #expect(Self.evidence(hits: 1_065).failures == ["the edge counted 1,065 hits, wrk 1,000 answers"])
        #expect(
            Self.evidence(.nginx, hits: 1).failures == [
                "not every answer of nginx was a hit: it asked the edge (hit: 1)"
            ])
    }

    // MARK: Ratios

    /// A round of a second on a full core of the server.
    private static func round(
        cpu: Double, server: Double = 0.99, generator: Double = 0.6, failures: [String] = []
    ) -> HitRound {
        let requests = Int(server * 1e6 / cpu)
        return HitRound(
            WrkResult(requests: requests, bytes: 0, microseconds: 1_000_000, p50: 1_000, p99: 2_000).figures,
            serverCPU: UInt64(server * 1e9), generatorCPU: UInt64(generator * 1e9), failures: failures)
    }

    @Test func theRatioIsTheMedianOfTheRoundsOwn() {
        // The second round was slow for both, the third for the edge alone.
        let edge = [Self.round(cpu: 6), Self.round(cpu: 12), Self.round(cpu: 30)]
        let nginx = [Self.round(cpu: 10), Self.round(cpu: 20), Self.round(cpu: 10)]
        let comparison = HitComparison(.http1, size: 2_048, edge: edge, nginx: nginx)
        #expect(comparison.cpu.value.map { abs($0 - 0.6) < 0.001 } == true)
        #expect(comparison.cpu.goal == 0.70 && comparison.cpu.isMet == true)
        #expect(comparison.throughput.value.map { abs($0 - 1.667) < 0.01 } == true)
        #expect(HitComparison.medianRatio([1, 2, 3, 4], [1, 1, 1, 1]) == 2.5)
    }

    @Test func aGoalThatIsNotMetIsSaid() {
        let comparison = HitComparison(
            .http1, size: 131_072, edge: [Self.round(cpu: 20.4)], nginx: [Self.round(cpu: 20)])
        #expect(comparison.cpu.goal == 1.0 && comparison.cpu.isMet == false)
        #expect(comparison.tier == .disk)
        #expect(
            HitComparison(.http1, size: 4_096, edge: [Self.round(cpu: 1)], nginx: [Self.round(cpu: 1)]).cpu.isMet == nil
        )
    }

    @Test func aFailedRoundLeavesNoRatio() {
        let comparison = HitComparison(
            .http1, size: 2_048, edge: [Self.round(cpu: 6), Self.round(cpu: 6)],
            nginx: [Self.round(cpu: 10), Self.round(cpu: 10, failures: ["wrk met timeouts: 1"])])
        #expect(comparison.cpu.value == nil && comparison.throughput.value == nil)
        #expect(comparison.cpu.refusal == "nginx, round 2: wrk met timeouts: 1")
        #expect(comparison.failures == ["nginx, round 2: wrk met timeouts: 1"])
        #expect(HitComparison(.http1, size: 2_048, edge: [], nginx: []).cpu.value == nil)
    }

    @Test func throughputIsComparedWhereTheServersWereTheBottleneckOnly() {
        let full = Self.round(cpu: 10)
        #expect(HitComparison.bottleneck(edge: [full], nginx: [full]) == nil)
        #expect(
            HitComparison.bottleneck(edge: [full, Self.round(cpu: 6, generator: 0.97)], nginx: [full, full])
                == "edge, round 2: generator-bound (on the CPU for 97.0 %)")
        #expect(
            HitComparison.bottleneck(edge: [full], nginx: [Self.round(cpu: 10, server: 0.6)])
                == "nginx, round 1: its core was not full (60.0 %)")
        let comparison = HitComparison(.http1, size: 2_048, edge: [Self.round(cpu: 6, generator: 0.97)], nginx: [full])
        // What a hit costs stands all the same.
        #expect(comparison.cpu.value != nil && comparison.throughput.value == nil)
    }

    // MARK: System calls

    @Test func countsOfPerfAreRead() {
        let text = """
            # started on Sat Nov 28 09:00:00 2026

            206800,,raw_syscalls:sys_enter,8000000000,100.00,,
            101000,,syscalls:sys_enter_read,8000000000,100.00,,
            0,,syscalls:sys_enter_readv,8000000000,100.00,,
            <not counted>,,syscalls:sys_enter_poll,0,0.00,,
            """
        #expect(SystemCallCounter.counts(perf: text) == ["": 206_800, "read": 101_000])
    }

    @Test func countsOfStraceAreRead() {
        let text = """
            % time     seconds  usecs/call     calls    errors syscall
            ------ ----------- ----------- --------- --------- ----------------
             61.19    0.093022           0    101000       312 read
             38.81    0.059001           0    100600           writev
            ------ ----------- ----------- --------- --------- ----------------
            100.00    0.152023           0    201600       312 total
            """
        #expect(SystemCallCounter.counts(strace: text) == ["": 201_600, "read": 101_000, "writev": 100_600])
    }

    // MARK: Answers and objects

    @Test func answersAreAlikeButForWhatServersSayOfThemselves() throws {
        func answer(_ fields: String, _ body: String = "body") throws -> WholeAnswer {
            let text = "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            return try #require(WholeAnswer(Array(text.utf8)))
        }
        let edge = try answer(
            "Server: Vignette\r\nAge: 3\r\nETag: \"a\"\r\nCache-Status: Vignette-edge-1; hit; ttl=86397\r\n")
        let nginx = try answer(
            "Server: nginx\r\nDate: now\r\nCache-Status: Vignette-edge-1; hit; ttl=99\r\nEtag: \"a\"\r\n")
        #expect(edge.difference(from: nginx) == nil)
        #expect(
            try edge.difference(from: answer("ETag: \"a\"\r\n"))
                == "only one has cache-status: Vignette-edge-1; hit; ttl=N")
        #expect(try answer("").difference(from: answer("X-Cache: HIT\r\n")) == "only one has x-cache: HIT")
        #expect(try answer("").difference(from: answer("", "Body")) == "the bodies of 4 and 4 bytes differ")
        #expect(WholeAnswer(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".utf8)) == nil)
    }

    @Test func aPictureOfAnExactSizeIsFound() throws {
        // An encoder that spends three quarters of a byte on a sample of noise, and jumps now and then.
        func length(_ source: [UInt8]) -> Int {
            let noise = source.count { (1...63).contains($0) }
            return 120 + noise * 3 / 4 + noise / 8_000 * 12
        }
        let source = try SizedPicture.source(for: 16_384, length: length)
        #expect(length(source) == 16_384)
        #expect(throws: LoadTestError.self) { try SizedPicture.source(for: 16_384) { _ in 16_385 } }
    }

    @Test func coresAreReadAsTheKernelWritesThem() {
        #expect(Cores.list("0-3,8\n") == [0, 1, 2, 3, 8])
        #expect(Cores.list("\t1") == [1])
        #expect(Cores.list("") == [])
    }

    @Test func aPlanThatCannotRunIsRefused() {
        #expect(throws: Never.self) { try HitsPlan().check() }
        #expect(throws: Never.self) { try HitsPlan.quick.check() }
        for change: (inout HitsPlan) -> Void in [
            { $0.sizes = [] }, { $0.sizes = [100] }, { $0.sizes = [2_048, 2_048] }, { $0.rounds = 0 },
            { $0.seconds = 0 }, { $0.protocols = [] }, { $0.protocols = [.tls, .tls] },
            { $0.idleConnections = 10_001 },
        ] {
            var plan = HitsPlan()
            change(&plan)
            #expect(throws: LoadTestError.self) { try plan.check() }
        }
    }
}
