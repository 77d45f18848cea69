import Curl
import Testing

extension ClusterTests {
    @Suite struct BadInput {
        @Test func malformedURLsAndBrokenImagesAnswerWithReasonsAndLeakNothing() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            let photo = try TestPhotos.jpeg(7)
            photos.put("good.jpg", photo)
            var broken: [String: [UInt8]] = ["empty.jpg": [], "text.jpg": Array("no image".utf8), "zeros.png": [UInt8](repeating: 0, count: 5000)]
            for cut in stride(from: 1, to: photo.count - 2, by: max(1, photo.count / 40)) {
                broken["cut\(cut).jpg"] = Array(photo[..<cut])
            }
            for (name, bytes) in broken { photos.put(name, bytes) }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                #expect(try await cluster.get(0, "tr:w-10/good.jpg").status == 200)
                let pids = cluster.file.nodes.compactMap(\.pid)
                let before = pids.map(Processes.openFiles)
                for name in broken.keys.sorted() {
                    let answer = try await cluster.get(0, "tr:w-10/\(name)")
                    #expect((400...599).contains(answer.status), "\(name): \(answer.status)")
                    #expect(answer.headers["ik-error"]?.contains(" - ") == true, "\(name)")
                }
                for item in Self.malformed {
                    let answer = try await cluster.raw(0, item)
                    #expect((400...499).contains(answer.status), "\(item): \(answer.status)")
                    #expect(answer.headers["ik-error"]?.contains(" - ") == true, "\(item)")
                }
                #expect(broken.count + Self.malformed.count >= 200)
                #expect(try await cluster.get(0, "tr:w-11/good.jpg").status == 200)
                let after = pids.map(Processes.openFiles)
                for (was, now) in zip(before, after) { #expect(now <= was + 20, "open files: \(was), then \(now)") }
                #expect(after.allSatisfy { $0 > 0 }, "every node lives")
            }
        }

        static let malformed: [String] = {
            var targets: [String] = ["/", "/demo", "/other/good.jpg", "/demo/../good.jpg", "/demo/%2e%2e/good.jpg", "/demo/%00.jpg", "/demo/%zz.jpg", "/demo/%ff.jpg", "/demo//good.jpg", "/demo/a%5cb.jpg"]
            let values = ["", "0", "-1", "N5", "x", "1e3", "1.2.3", "%00", "1,5", "auto-"]
            for key in ["w", "h", "q", "dpr"] { for value in values { targets.append("/demo/tr:\(key)-\(value)/good.jpg") } }
            for value in ["zoom", "", "0", "at_most", "MAINTAIN_RATIO"] { targets.append("/demo/tr:w-5,h-5,c-\(value)/good.jpg") }
            for value in ["gif2", "", "exe", "JPG!"] { targets.append("/demo/tr:f-\(value)/good.jpg") }
            for item in ["l-text,i-x,l-end", "if-w_gt_5,w-2,if-end", "n-thumb", "e-grayscale", "bl-5", "rt-90", "bg-red", "o-5", "t-true", "r-5", "fo-face", "cm-extract", "xx-5", "w", "w300", ",", "w-5,,h-5", "w-1_2", "ar-4-3", "e-bgremove"] {
                targets.append("/demo/tr:\(item)/good.jpg")
                targets.append("/demo/good.jpg?tr=\(item)")
            }
            for digits in 0..<60 { targets.append("/demo/good.jpg?ik-s=\(String(repeating: "a", count: digits))") }
            return targets
        }()
    }
}
