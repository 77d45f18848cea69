public import Foundation

/// What `vignette-loadtest hits` measured: the JSON that `--json` writes.
public struct HitsReport: ResultFile, Codable, Sendable {
    /// As the programs name themselves.
    public struct Programs: Codable, Sendable {
        public var nginx: String
        public var wrk: String
        public var h2load: String
    }

    public struct SystemCalls: Codable, Sendable {
        public struct PerHit: Codable, Sendable {
            public var hits: Int
            /// Of all threads, the waiting for work and the access log's writing included.
            public var all: Double
            public var byName: [String: Double]
        }

        /// The program that counted.
        public var counter: String
        /// Of a body.
        public var size: Int
        public var edge: PerHit
        public var nginx: PerHit
        public var goal = Self.goal
        public var isMet: Bool

        /// One to read and one to write; what is over is shared by the requests that one waiting brings.
        static let goal = 2.1

        init(counter: String, size: Int, edge: PerHit, nginx: PerHit) {
            (self.counter, self.size, self.edge, self.nginx) = (counter, size, edge, nginx)
            isMet = edge.all <= Self.goal
        }
    }

    public struct Idle: Codable, Sendable {
        public struct Memory: Codable, Sendable {
            /// Of the process: before the connections, and when they had waited.
            public var residentBytesBefore: Int
            public var residentBytes: Int
            public var bytesPerConnection: Double
        }

        public var connections: Int
        public var edge: Memory
        public var nginx: Memory
        public var goal = Self.goal
        public var isMet: Bool

        /// Bytes.
        static let goal = 8_192.0

        init(connections: Int, edge: Memory, nginx: Memory) {
            (self.connections, self.edge, self.nginx) = (connections, edge, nginx)
            isMet = edge.bytesPerConnection <= Self.goal
        }
    }

    /// The format of this file.
    public var version = 1
    public var date = Date()
    public var machine: Machine
    public var plan: HitsPlan
    public var programs: Programs
    public var cpu: [HitComparison]?
    public var systemCalls: SystemCalls?
    public var idle: Idle?
    public var scale: ScaleReport?
    public var overload: OverloadReport?
    public var slow: [SlowReport]?
    /// Why a part of it counts for nothing.
    public var failures: [String] = []
    /// What a reader must know before believing the numbers.
    public var warnings: [String] = []

    init(machine: Machine, plan: HitsPlan, programs: Programs) {
        (self.machine, self.plan, self.programs) = (machine, plan, programs)
    }

    /// Measures a part, or a figure of one. What it throws is told under its name, and takes nothing of what has been
    /// measured away; after a stop nothing more is measured.
    mutating func attempt(_ name: String, _ stop: RunStop, _ measure: (inout HitsReport) throws -> Void) {
        guard !stop.isStopped else { return }
        do { try measure(&self) } catch {
            // A program's last words end with a line feed.
            failures.append("\(name) broke off: \(reason(error).trimmingCharacters(in: .whitespacesAndNewlines))")
        }
    }
}
