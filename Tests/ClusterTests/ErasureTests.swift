import Curl
import ErasureReceipt
import Foundation
import Testing

extension ClusterTests {
    /// What an erase promises, asked of the cluster's answers, of its disks, and of its receipts.
    @Suite struct Erasures {
        @Test func everySpellingOfAnErasedPathIsGoneOnEveryEdge() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("people/ann-lee_1.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(sources: photos.url) { cluster in
                let spellings = Spellings(account: cluster.file.account)
                #expect(spellings.same.count >= 50)
                // Answered from every edge's cache before, so that each spelling is known to it.
                for edge in 0..<3 {
                    for (target, headers) in spellings.same {
                        let status = await cluster.status(edge, target, headers)
                        #expect(status == 200 || status == 206, "\(target) \(headers): \(status ?? 0)")
                    }
                    for target in spellings.malformed { #expect(await cluster.status(edge, target) == 400, "\(target)") }
                }
                let erase = try await cluster.vignette("erase", "people/ann-lee_1.jpg", "--wait")
                #expect(erase.status == 0, "\(erase.output)")
                for edge in 0..<3 {
                    for (target, headers) in spellings.same {
                        #expect(await cluster.status(edge, target, headers) == 410, "\(target) \(headers) on edge \(edge)")
                    }
                    for target in spellings.malformed { #expect(await cluster.status(edge, target) == 400, "\(target)") }
                    for target in spellings.others {
                        let status = await cluster.status(edge, target)
                        #expect(status != 200 && status != nil, "\(target) on edge \(edge)")
                    }
                }
            }
        }

        /// Variants and sources, those that were purged and replaced before the erase included.
        @Test func nothingOfAnErasedSourceIsOnAnyDisk() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            let recipes = ["tr:w-300", "tr:w-200,f-webp", "tr:w-160,h-90", "tr:q-40,f-jpg", "tr:w-100,f-png"]
            try await Cluster.with(sources: photos.url) { cluster in
                var erased = MarkerSearch()
                var kept = MarkerSearch()
                for generation in 1...3 as ClosedRange<UInt64> {
                    photos.put("marked.jpg", try TestPhotos.noise(generation))
                    erased.add("source \(generation)", try TestPhotos.noise(generation))
                    for (edge, recipe) in (0..<3).flatMap({ edge in recipes.map { (edge, $0) } }) {
                        let answer = try await cluster.get(edge, recipe + "/marked.jpg")
                        #expect(answer.status == 200)
                        erased.add("\(recipe) \(generation)", answer.body)
                    }
                    guard generation < 3 else { break }
                    let purge = try await cluster.vignette("purge", "--source", "marked.jpg", "--wait")
                    #expect(purge.status == 0, "\(purge.output)")
                }
                photos.put("other.jpg", try TestPhotos.noise(99))
                for recipe in recipes { kept.add(recipe, try await cluster.get(0, recipe + "/other.jpg").body) }
                kept.add("source", try TestPhotos.noise(99))

                // The search finds what is there: at the latest when the caches have written it.
                let last = Set(erased.markers.map(\.name).filter { $0.hasSuffix(" 3") })
                while !last.isSubset(of: erased.found(below: cluster.data).keys) { await Task.yield() }
                while kept.found(below: cluster.data).count < kept.markers.count { await Task.yield() }

                let before = try await cluster.whereabouts(of: "marked.jpg")
                #expect(Set(before.nodes.filter { !$0.records.isEmpty }.map(\.name)) == ["edge-1", "edge-2", "edge-3", "origin-1"])
                #expect(before.silent.isEmpty)
                let erase = try await cluster.vignette("erase", "marked.jpg", "--wait-removed")
                #expect(erase.status == 0, "\(erase.output)")
                #expect(erased.found(below: cluster.data) == [:])
                #expect(Set(kept.found(below: cluster.data).keys) == Set(kept.markers.map(\.name)), "other.jpg was not erased")
                let after = try await cluster.whereabouts(of: "marked.jpg")
                #expect(after.nodes.count == 4 && after.nodes.allSatisfy(\.records.isEmpty) && after.silent.isEmpty)
                let words = try await cluster.vignette("where", "marked.jpg")
                #expect(words.output == "Nothing of source 'marked.jpg' is kept on any of the 4 nodes.\n")

                // Nor does it come back from a node that starts anew.
                for name in ["edge-1", "origin-1"] {
                    try await cluster.node("kill", name)
                    try await cluster.node("start", name)
                }
                #expect(try await cluster.get(0, recipes[0] + "/marked.jpg").status == 410)
                #expect(erased.found(below: cluster.data) == [:])
            }
        }

        @Test func aReceiptSaysWhoHasRemovedWhatAndVerifiesOffline() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a b.jpg", try TestPhotos.jpeg(1))
            photos.put("a%20b.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(sources: photos.url) { cluster in
                for edge in 0..<3 { #expect(try await cluster.get(edge, "tr:w-90/a%20b.jpg").status == 200) }
                let purge = try await cluster.vignette("purge", "--source", "a b.jpg", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                for edge in 0..<3 { #expect(try await cluster.get(edge, "tr:w-90/a%20b.jpg").status == 200) }
                let erase = try await cluster.vignette("erase", "a b.jpg", "--wait-removed")
                #expect(erase.status == 0, "\(erase.output)")
                let revision = try #require(erase.output.firstMatch(of: /revision (\d+)/)).1

                let receipt = try await cluster.receipt(String(revision))
                #expect(receipt.status == .removed)
                #expect(receipt.named == "a b.jpg")
                #expect(receipt.sources == [.init(storage: "photos", key: "a b.jpg")])
                #expect(receipt.nodes.map(\.name) == ["edge-1", "edge-2", "edge-3", "origin-1"])
                for node in receipt.nodes {
                    #expect(node.removal.state == .removed && node.silenced.map(\.how) == ["applied"], "\(node)")
                    #expect((node.removal.objects ?? 0) > 0 && (node.removal.bytes ?? 0) > 0, "\(node)")
                }
                let none = try await cluster.vignette("receipt", "get", "1")
                #expect(none.status == 1, "\(none.output)")
            }
        }

        @Test func aStoppedNodeIsPendingUntilItComesBackAndUnprovenOnceForgotten() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            photos.put("b.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(sources: photos.url, lease: 4) { cluster in
                for edge in 0..<3 {
                    for path in ["tr:w-90/a.jpg", "tr:w-90/b.jpg"] { #expect(try await cluster.get(edge, path).status == 200) }
                }
                try await cluster.node("stop", "edge-2")
                let erase = try await cluster.vignette("erase", "a.jpg", "--wait")
                #expect(erase.status == 0, "\(erase.output)")
                let revision = String(try #require(erase.output.firstMatch(of: /revision (\d+)/)).1)
                #expect(try await cluster.receipt(revision).removals["edge-2"] == .pending)
                #expect(try await cluster.receipt(revision).status == .completed)
                let whereabouts = try await cluster.vignette("where", "a.jpg")
                #expect(whereabouts.status == 3 && whereabouts.output.contains("edge-2 did not tell"), "\(whereabouts)")

                try await cluster.node("start", "edge-2")
                var receipt = try await cluster.receipt(revision)
                while receipt.status != .removed { receipt = try await cluster.receipt(revision) }
                #expect(receipt.removals["edge-2"] == .removed)
                #expect((receipt.nodes.first { $0.name == "edge-2" }?.removal.objects ?? 0) > 0)

                try await cluster.node("kill", "edge-3")
                let forget = try await cluster.vignette("forget", "edge-3", "--wait")
                #expect(forget.status == 0, "\(forget.output)")
                let second = try await cluster.vignette("erase", "b.jpg", "--wait-removed")
                #expect(second.status == 0, "\(second.output)")
                let other = try await cluster.receipt(String(try #require(second.output.firstMatch(of: /revision (\d+)/)).1))
                #expect(other.status == .removed)
                #expect(other.removals["edge-3"] == .unproven)
                #expect(other.removals["edge-2"] == .removed)
                let status = try await cluster.vignette("status")
                #expect(status.output.contains(/edge-3 .*forgotten/), "\(status.output)")

                // A forgotten node that returns has dropped its caches, and serves nothing of what was erased.
                try await cluster.node("start", "edge-3")
                #expect(try await cluster.get(2, "tr:w-90/b.jpg").status == 410)
            }
        }
    }
}

extension ErasureReceipt {
    fileprivate var removals: [String: Removal.State] {
        Dictionary(nodes.map { ($0.name, $0.removal.state) }) { first, _ in first }
    }
}

/// What `vignette where --json` prints.
struct Whereabouts: Decodable {
    struct Node: Decodable {
        struct Record: Decodable {
            var cache: String
            var tier: String
            var bytes: UInt64
        }

        var name: String
        var records: [Record]
    }

    struct Silent: Decodable {
        var name: String
    }

    var nodes: [Node]
    var silent: [Silent]
}

extension Cluster {
    /// The status of an answer to a target as it is written.
    func status(_ edge: Int, _ target: String, _ headers: [String] = []) async -> Int? {
        let url = URL(string: edges[edge].publicURL!)!
        return await RawRequest.status(of: target, host: url.host()!, port: UInt16(url.port!), headers: headers)
    }

    func whereabouts(of path: String) async throws -> Whereabouts {
        let (status, output) = try await vignette("where", path, "--json")
        guard status == 0 || status == 3 else { throw ClusterFailure("where: \(output)") }
        return try JSONDecoder().decode(Whereabouts.self, from: Data(output.utf8))
    }

    /// A receipt, fetched and verified by the operator's command line, and read.
    func receipt(_ revision: String) async throws -> ErasureReceipt {
        let folder = try TemporaryFolder.make("receipt")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (file, key) = (folder + "/receipt", folder + "/key.pem")
        for arguments in [
            ["receipt", "get", revision, "-o", file], ["receipt", "key", "-o", key], ["receipt", "verify", file, "--key", key],
        ] {
            let (status, output) = try await Self.run(
                Self.binaries + "/vignette", arguments, environment: ["VIGNETTE_CLUSTER": data + "/cluster.json"])
            guard status == 0 else { throw ClusterFailure("vignette \(arguments.joined(separator: " ")): \(output)") }
        }
        let verifier = try ReceiptVerifier(text: String(contentsOfFile: key, encoding: .utf8))
        return try verifier.open(SignedReceipt(file: Data(contentsOf: URL(filePath: file))))
    }
}
