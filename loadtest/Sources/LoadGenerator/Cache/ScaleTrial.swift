internal import Foundation

/// How the cost of a cache grows with its objects: fills a folder, kills the process, and starts on it three times.
struct ScaleTrial {
    private let plan: CachePlan
    private let folder: String
    private let tell: @Sendable (String) -> Void

    init(_ plan: CachePlan, folder: String, tell: @escaping @Sendable (String) -> Void) {
        (self.plan, self.folder, self.tell) = (plan, folder, tell)
    }

    func run() async throws -> [CacheReport.Scale] {
        var results: [CacheReport.Scale] = []
        for objects in plan.objects.sorted() {
            tell("\(Format.count(objects)) small objects: fill, kill, three restarts")
            results.append(try await OwnThread.run { try measure(objects) })
        }
        return results
    }

    private func measure(_ objects: Int) throws -> CacheReport.Scale {
        let path = folder + "/scale"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let filled = try CacheProbe.run(.fill, folder: path, objects: objects)
        let killed = try CacheProbe.run(.open, folder: path, objects: objects)
        let stopped = try CacheProbe.run(.open, folder: path, objects: objects)
        try FileManager.default.removeItem(atPath: path + "/index")
        let scanned = try CacheProbe.run(.open, folder: path, objects: objects)
        func perObject(_ bytes: Int) -> Double { Double(bytes) / Double(objects) }
        func restart(_ answer: CacheProbe.Answer) -> CacheReport.Restart {
            CacheReport.Restart(firstHit: answer.firstHit, all: answer.all, misses: answer.misses)
        }
        return CacheReport.Scale(
            objects: objects, fillsPerSecond: Double(objects) / filled.fillSeconds,
            indexBytesPerObject: perObject(filled.indexBytes),
            residentBytesPerObject: perObject(filled.residentGrowth),
            residentBytesPerObjectRestarted: perObject(stopped.residentGrowth), diskHit: stopped.diskHit,
            checkpointMilliseconds: Double(stopped.checkpointMilliseconds), checkpointBytes: stopped.checkpointBytes,
            afterKill: restart(killed), afterStop: restart(stopped), withoutCheckpoint: restart(scanned))
    }
}
