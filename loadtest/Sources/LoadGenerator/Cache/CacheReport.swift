public import Foundation

/// What `vignette-loadtest cache` measured: the JSON that `--json` writes.
public struct CacheReport: ResultFile, Codable, Sendable {
    /// One replay of all accesses.
    public struct Ratio: Codable, Sendable {
        public var eviction: String
        public var admission: String
        public var diskBytes: Int
        /// Of the bytes of all objects.
        public var share: Double
        /// Over all accesses, the cold start included.
        public var hits: Int
        /// Of a list that is told of every access and of every eviction; plain LRU only.
        public var referenceHits: Int?
        /// Accesses that were a hit in one of the two only.
        public var deviations: Int?
        /// Of the second half of the accesses.
        public var hitRatio: Double
        public var byteHitRatio: Double
        /// The same half in a cache of this limit that wastes no byte, by LRU.
        public var idealHitRatio: Double
        public var evictions: Int
        public var storesNotAdmitted: Int
        /// Fills that were not stored for any other reason.
        public var storesFailed: Int
        /// Bytes of bodies that were filled, admitted or not, and what was written for them.
        public var filledBytes: Int
        public var recordBytes: Int
        public var movedBytes: Int
        public var checkpointBytes: Int
        public var writtenPerFilled: Double
        /// The greatest and the last, of the limit.
        public var greatestDeadShare: Double
        public var lastDeadShare: Double
        public var seconds: Double
    }

    /// One policy. Nanoseconds of one thread alone.
    public struct Speed: Codable, Sendable {
        public struct Threads: Codable, Sendable {
            public var threads: Int
            /// 95 % look-ups (hits in memory) and 5 % stores.
            public var operationsPerSecond: Double
            /// Of the stores: taken in, not refused because the disk was behind.
            public var storedShare: Double
        }

        public var eviction: String
        public var objects: Int
        public var memoryHit: Double
        /// From the kernel's page cache, with no memory tier.
        public var diskHit: Double
        public var miss: Double
        public var mixed: [Threads]
    }

    /// One number of small objects. Each step runs in a process of its own.
    public struct Scale: Codable, Sendable {
        public var objects: Int
        public var fillsPerSecond: Double
        /// By the cache's own count.
        public var indexBytesPerObject: Double
        /// What the process grew by with the cache: after the fills, and after a restart.
        public var residentBytesPerObject: Double
        public var residentBytesPerObjectRestarted: Double
        /// Nanoseconds of a hit from the page cache, with no memory tier.
        public var diskHit: Double
        public var checkpointMilliseconds: Double
        public var checkpointBytes: Int
        public var afterKill: Restart
        public var afterStop: Restart
        /// The checkpoint was lost: every head is read.
        public var withoutCheckpoint: Restart
    }

    /// Milliseconds from before the folder is opened.
    public struct Restart: Codable, Sendable {
        public var firstHit: Double
        /// Until every object can be hit.
        public var all: Double
        /// Of 1,000 objects asked for then.
        public var misses: Int
    }

    /// The format of this file.
    public var version = 1
    public var date = Date()
    public var machine = Machine.current()
    public var plan: CachePlan
    /// Of the catalogue: median, 90th and 99th percentile.
    public var sizes: [Int]?
    public var ratio: [Ratio]?
    public var speed: [Speed]?
    public var scale: [Scale]?
    /// What a reader must know before believing the numbers.
    public var warnings: [String] = []

    init(plan: CachePlan) {
        self.plan = plan
    }
}
