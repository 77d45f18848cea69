import Curl
import Foundation
@testable import SourceStorage
import Testing
import TestServers

extension ClusterTests {
    @Suite struct S3 {
        /// A real S3 server behind a cluster; with a wrong secret nothing of it is to be seen.
        @Test func aClusterServesABucketAndNothingWithAWrongSecret() async throws {
            let seaweed = try await RealServer.start("seaweedfs")
            let keys = try #require(seaweed.face.keys?["owner"])
            let bucket = try #require(seaweed.face.bucket)
            try await Self.put("dir/é 1.jpg", try TestPhotos.jpeg(5), seaweed, bucket, keys)
            let photos = try PhotoServer()
            defer { photos.stop() }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                try await Self.read(from: seaweed, bucket, keys[0], keys[1], version: 1, in: cluster)
                let answer = try await cluster.get(0, "tr:w-300,h-200,c-at_max,f-jpg/dir/%C3%A9%201.jpg")
                #expect(answer.status == 200)
                #expect(TestPhotos.size(ofJPEG: answer.body)?.width == 148)
                #expect(try await cluster.get(0, "dir/none.jpg").status == 404)

                try await Self.read(from: seaweed, bucket, keys[0], "wrong" + keys[1], version: 2, in: cluster)
                let purge = try await cluster.vignette("purge", "--all", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                let refused = try await cluster.get(0, "tr:w-300,h-200,c-at_max,f-jpg/dir/%C3%A9%201.jpg")
                #expect(refused.status == 404)
                #expect(refused.headers["ik-error"]?.hasPrefix("EACCES - ") == true)
                let body = String(decoding: refused.body, as: UTF8.self)
                #expect(!body.contains(keys[0]) && !body.contains("127.0.0.1"), "an answer tells nothing of the storage")
            }
        }

        private static func put(
            _ key: String, _ body: [UInt8], _ server: RealServer, _ bucket: String, _ keys: [String]
        ) async throws {
            let signature = S3Signature(
                credentials: S3Credentials(accessKey: keys[0], secretKey: keys[1]), region: "us-east-1")
            let path = "/\(bucket)/\(ObjectKey.encoded(key))"
            let headers = signature.headers(
                method: "PUT", host: "127.0.0.1:\(server.face.port)", path: path, headers: [],
                payloadHash: "UNSIGNED-PAYLOAD", time: time(nil))
            let answer = try await CurlClient().perform(
                CurlRequest(method: "PUT", url: server.url + path, headers: headers, body: body))
            guard answer.status == 200 else { throw ClusterFailure("SeaweedFS refuses \(key): \(answer.status)") }
        }

        /// Gives the cluster the bucket as its storage, as an operator would: the secret is a file of its own.
        private static func read(
            from server: RealServer, _ bucket: String, _ accessKey: String, _ secretKey: String, version: Int,
            in cluster: Cluster
        ) async throws {
            let secret = try JSONEncoder().encode(["accessKey": accessKey, "secretKey": secretKey])
            try cluster.write(secret: "bucket.\(version)", String(decoding: secret, as: UTF8.self))
            try await cluster.configure {
                $0["storages"] = [
                    [
                        "id": "bucket", "type": "s3", "bucket": bucket, "endpoint": server.url, "pathStyle": true,
                        "credentials": ["id": "bucket", "version": version],
                    ] as [String: Any]
                ]
                $0["endpoints"] = [["id": "", "storages": ["bucket"]]]
            }
        }
    }
}
