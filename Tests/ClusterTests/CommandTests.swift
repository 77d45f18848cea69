import Curl
import Foundation
import Synchronization
import Testing

extension ClusterTests {
    @Suite struct Commands {
        @Test func aPurgeOfASourceReachesAllItsVariantsOnEveryEdge() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            photos.put("b.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(sources: photos.url) { cluster in
                let paths = ["tr:w-100,f-jpg/a.jpg", "tr:w-200,f-jpg/a.jpg", "tr:w-100,f-jpg/b.jpg"]
                let old = try await Self.all(cluster, paths)
                photos.put("a.jpg", try TestPhotos.jpeg(101))
                photos.put("b.jpg", try TestPhotos.jpeg(102))
                #expect(try await Self.all(cluster, paths) == old, "caches answer before the purge")
                let purge = try await cluster.vignette("purge", "--source", "a.jpg", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                let new = try await Self.all(cluster, paths)
                for edge in 0..<3 {
                    #expect(new[edge][0] != old[edge][0])
                    #expect(new[edge][1] != old[edge][1])
                    #expect(new[edge][2] == old[edge][2], "b.jpg was not purged")
                }
                let everything = try await cluster.vignette("purge", "--all", "--wait")
                #expect(everything.status == 0, "\(everything.output)")
                #expect(try await Self.all(cluster, paths)[0][2] != old[0][2])
            }
        }

        @Test func aPurgeOfAURLReachesItsFormatsAndNoOtherSize() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                let other = try await cluster.get(0, "tr:w-200/a.jpg").body
                let jpeg = try await cluster.get(0, "tr:w-100/a.jpg").body
                let webp = try await cluster.get(1, "tr:w-100/a.jpg", accept: "image/webp").body
                photos.put("a.jpg", try TestPhotos.jpeg(101))
                let purge = try await cluster.vignette("purge", cluster.file.endpoint + "/a.jpg?tr=w-100", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                #expect(try await cluster.get(0, "tr:w-200/a.jpg").body == other)
                // New bytes, although the source copy in the shield was purged by no command of its own.
                #expect(try await cluster.get(0, "tr:w-100/a.jpg").body != jpeg)
                #expect(try await cluster.get(1, "tr:w-100/a.jpg", accept: "image/webp").body != webp)
            }
        }

        /// The promise: no answer to a request that was sent after `--wait` returned carries the old bytes.
        @Test func noOldBytesAfterCompletedUnderLoad() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(0))
            try await Cluster.with(sources: photos.url) { cluster in
                let watch = PurgeWatch()
                try await withThrowingTaskGroup { group in
                    for edge in 0..<3 {
                        for _ in 0..<4 {
                            group.addTask {
                                while !watch.isOver {
                                    // Read before the request is sent: what was completed by then is forbidden.
                                    let (forbidden, mustBeGone) = (watch.forbidden, watch.isErased)
                                    let answer = try await cluster.get(edge, "tr:w-64,f-png/a.jpg")
                                    watch.answered(
                                        isWrong: forbidden.contains(answer.body)
                                            || mustBeGone && answer.status != 410)
                                }
                            }
                        }
                    }
                    for number in 1...12 {
                        let before = try await cluster.get(number % 3, "tr:w-64,f-png/a.jpg").body
                        photos.put("a.jpg", try TestPhotos.jpeg(UInt8(number * 20)))
                        let purge = try await cluster.vignette("purge", "--source", "a.jpg", "--wait")
                        #expect(purge.status == 0, "\(purge.output)")
                        watch.forbid(before)
                    }
                    let erase = try await cluster.vignette("erase", "a.jpg", "--wait")
                    #expect(erase.status == 0, "\(erase.output)")
                    watch.erase()
                    let enough = watch.answers + 500
                    while watch.answers < enough { await Task.yield() }
                    watch.end()
                    try await group.waitForAll()
                }
                #expect(watch.answers > 100)
                #expect(watch.wrong == 0)
            }
        }

        /// Bytes that were asked for before an erase and arrive after it are nobody's any more.
        @Test func anEraseOvertakesAFillUnderWay() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                photos.hold("a.jpg")
                async let waiting = cluster.get(0, "tr:w-64/a.jpg")
                while photos.reads(of: "a.jpg") == 0 { await Task.yield() }
                let erase = try await cluster.vignette("erase", "a.jpg", "--wait")
                #expect(erase.status == 0, "\(erase.output)")
                photos.letGo("a.jpg")
                #expect(try await waiting.status == 410)
                // Nor does what it read come back when the tombstone is taken away.
                photos.put("a.jpg", try TestPhotos.jpeg(101))
                let lift = try await cluster.vignette("lift", "a.jpg", "--wait")
                #expect(lift.status == 0, "\(lift.output)")
                #expect(try await cluster.get(0, "tr:w-64/a.jpg").status == 200)
                #expect(photos.reads(of: "a.jpg") == 2)
            }
        }

        @Test func anErasedSourceIsGoneEverywhereUntilItIsLifted() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("dir/a b.jpg", try TestPhotos.jpeg(1))
            photos.put("dir/a%20b.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(sources: photos.url) { cluster in
                for edge in 0..<3 { #expect(try await cluster.get(edge, "tr:w-90/dir/a%20b.jpg").status == 200) }
                let erase = try await cluster.vignette("erase", "dir/a%20b.jpg", "--wait")
                #expect(erase.status == 0, "\(erase.output)")
                for edge in 0..<3 {
                    for spelling in [
                        "tr:w-90/dir/a%20b.jpg", "dir/a%20b.jpg", "dir/%61%20b.jpg", "%64ir/a%20b.jpg?x=1",
                        "tr:h-5/dir/a%20b%2Ejpg", "dir/tr:w-9/a%20b.jpg?tr=h-2",
                    ] {
                        let answer = try await cluster.get(edge, spelling)
                        #expect(answer.status == 410, "\(spelling) on edge \(edge)")
                        #expect(answer.headers["ik-error"]?.hasPrefix("EERASED - ") == true)
                    }
                }
                let lift = try await cluster.vignette("lift", "dir/a%20b.jpg", "--wait")
                #expect(lift.status == 0, "\(lift.output)")
                for edge in 0..<3 { #expect(try await cluster.get(edge, "tr:w-90/dir/a%20b.jpg").status == 200) }
            }
        }

        @Test func waitNamesTheEdgeThatWasWaitedOut() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(sources: photos.url, lease: 4) { cluster in
                try await cluster.node("kill", "edge-2")
                let purge = try await cluster.vignette("purge", "--source", "a.jpg", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                #expect(purge.output.contains("completed in"))
                #expect(purge.output.contains("edge-2    waited out"))
                try await cluster.node("start", "edge-2")
                #expect(try await cluster.get(1, "tr:w-90/a.jpg").status == 200)
            }
        }

        @Test func aKilledEdgeThatComesBackEndsTheWait() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            // Nobody would wait for an hour: it is the edge's return that completes the purge.
            try await Cluster.with(edges: 2, sources: photos.url, lease: 3600) { cluster in
                try await cluster.node("kill", "edge-2")
                async let purge = cluster.vignette("purge", "--all", "--wait")
                try await cluster.node("start", "edge-2")
                let (status, output) = try await purge
                #expect(status == 0, "\(output)")
            }
        }
    }
}

/// Which bodies are forbidden, and how often one was sent all the same.
final class PurgeWatch: Sendable {
    private let state = Mutex((forbidden: Set<[UInt8]>(), isErased: false, answers: 0, wrong: 0, isOver: false))

    var forbidden: Set<[UInt8]> { state.withLock { $0.forbidden } }
    var answers: Int { state.withLock { $0.answers } }
    var wrong: Int { state.withLock { $0.wrong } }
    var isErased: Bool { state.withLock { $0.isErased } }
    var isOver: Bool { state.withLock { $0.isOver } }

    func forbid(_ body: [UInt8]) {
        state.withLock { _ = $0.forbidden.insert(body) }
    }

    /// From now on every answer must be 410.
    func erase() {
        state.withLock { $0.isErased = true }
    }

    func answered(isWrong: Bool) {
        state.withLock { state in
            state.answers += 1
            if isWrong { state.wrong += 1 }
        }
    }

    func end() {
        state.withLock { $0.isOver = true }
    }
}

extension ClusterTests.Commands {
    static func all(_ cluster: Cluster, _ paths: [String]) async throws -> [[[UInt8]]] {
        var bodies: [[[UInt8]]] = []
        for edge in cluster.edges.indices {
            var own: [[UInt8]] = []
            for path in paths {
                let answer = try await cluster.get(edge, path)
                guard answer.status == 200 else { throw ClusterFailure("\(path): \(answer.status)") }
                own.append(answer.body)
            }
            bodies.append(own)
        }
        return bodies
    }
}
