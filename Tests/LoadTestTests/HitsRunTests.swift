import Foundation
import Testing

@testable import LoadGenerator

@Suite("A run of several parts") struct HitsRunTests {
    private static var report: HitsReport {
        HitsReport(
            machine: .current(), plan: .quick, programs: .init(nginx: "nginx/1", wrk: "wrk 4", h2load: "h2load 1"))
    }

    private static func measureIdle(_ report: inout HitsReport) {
        let memory = HitsReport.Idle.Memory(residentBytesBefore: 1, residentBytes: 2, bytesPerConnection: 7_001)
        report.idle = HitsReport.Idle(connections: 200, edge: memory, nginx: memory)
    }

    @Test func aPartThatBreaksOffIsNamedAndTakesNothingAway() throws {
        var report = Self.report
        let stop = RunStop()
        report.attempt("idle", stop) { Self.measureIdle(&$0) }
        report.attempt("cpu", stop) { report in
            report.attempt("cpu, 2,048 bytes", stop) { _ in throw LoadTestError(.cluster, "the edge does not run") }
            report.attempt("cpu, 16,384 bytes", stop) { $0.cpu = [] }
        }
        report.attempt("slow", stop) { _ in throw LoadTestError(.tool, "slowhttptest attacked nobody\n") }
        #expect(report.cpu?.isEmpty == true)
        let text = report.table
        #expect(text.contains("edge: 7,001 B per idle connection"))
        #expect(text.contains("failed: cpu, 2,048 bytes broke off: the edge does not run\n"))
        #expect(text.contains("failed: slow broke off: slowhttptest attacked nobody\n"))
        let json = String(decoding: try report.json(), as: UTF8.self)
        #expect(json.contains("7001") && json.contains("slow broke off: slowhttptest attacked nobody"))
    }

    @Test func afterAStopNothingMoreIsMeasured() {
        var report = Self.report
        let stop = RunStop()
        report.attempt("idle", stop) { report in
            Self.measureIdle(&report)
            stop.stop()
            try stop.check()
        }
        report.attempt("slow", stop) { _ in Issue.record("slow was measured") }
        #expect(report.idle != nil)
        #expect(report.failures.count == 1 && report.failures[0].hasPrefix("idle broke off: interrupted"))
    }

    @Test func aGeneratorThatHangsIsEndedAndNamed() throws {
        let folder = NSTemporaryDirectory() + "/hits-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: LoadTestError.self) {
            try ChildProcess.run(
                ["sh", "-c", "echo waiting; exec sleep 600"], folder: folder, stop: RunStop(), seconds: 1)
        }
        #expect(error?.code == .tool)
        #expect(error?.message == "sh did not end within 1 s, and was ended. It wrote: waiting\n")
        #expect(ChildProcess.roundLimit(4) > 4)
    }
}
