import Curl
import Glibc
@testable import SourceStorage
import Testing
import TestServers

/// Against SeaweedFS, which verifies signatures and clocks.
@Suite struct S3Tests {
    @Test func isRefusedWithAWrongSecret() async throws {
        let world = try await World.shared.value
        var wrong = try world.credentials("reader")
        wrong.secretKey += "x"
        let storage = try world.s3(credentials: wrong)
        let error = await failure { () throws(StorageError) in try await storage.read("plain.jpg") }
        #expect(error?.code == .denied)
        #expect(error?.message.contains("Check \"secretKey\"") == true)
        #expect(error?.message.contains(wrong.secretKey) == false)
    }

    @Test func isRefusedWithAnUnknownKey() async throws {
        let world = try await World.shared.value
        let storage = try world.s3(credentials: S3Credentials(accessKey: "nobody", secretKey: "x"))
        let error = await failure { () throws(StorageError) in try await storage.read("plain.jpg") }
        #expect(error?.code == .denied)
        #expect(error?.message.contains("Check \"accessKey\"") == true)
    }

    @Test func isRefusedWithAWrongClock() async throws {
        let world = try await World.shared.value
        let base = try #require(HTTPBase("\(world.seaweed.url)/photos"))
        let storage = S3Storage(
            id: "bucket", bucket: "photos", region: "us-east-1", base: base,
            credentials: try world.credentials("reader"),
            networks: [], client: world.client, now: { time(nil) - 3600 })
        let error = await failure { () throws(StorageError) in try await storage.read("plain.jpg") }
        #expect(error?.code == .denied)
        #expect(error?.message.contains("clock") == true)
    }

    @Test func tellsAMissingBucketFromAMissingObject() async throws {
        let world = try await World.shared.value
        let storage = try world.s3("owner", bucket: "no-such-bucket")
        let error = await failure { () throws(StorageError) in try await storage.read("plain.jpg") }
        #expect(error?.code == .denied)
        #expect(error?.message.contains("no bucket \"no-such-bucket\"") == true)
    }

    @Test func readsThePrivateMark() async throws {
        let world = try await World.shared.value
        try await world.put("private.jpg", [1], metadata: [("x-amz-meta-isprivatefile", "true")])
        #expect(try await world.s3().read("private.jpg").isPrivate)
    }

    @Test func saysInWhichRegionABucketIs() async throws {
        let server = try ScriptedServer { _, connection in
            connection.answer(
                301, "<Error><Code>PermanentRedirect</Code></Error>", headers: ["x-amz-bucket-region: eu-west-3"])
        }
        let storage = try S3Storage(
            id: "bucket", bucket: "photos", region: "us-east-1", endpoint: try #require(HTTPBase(server.url)),
            pathStyle: true,
            credentials: S3Credentials(accessKey: "a", secretKey: "b", sessionToken: "token"), client: try CurlClient())
        let error = await failure { () throws(StorageError) in try await storage.read("plain.jpg") }
        #expect(error?.code == .badAnswer(status: 301))
        #expect(error?.message.contains("in region eu-west-3, not in us-east-1") == true)
        let request = try #require(server.requests.first)
        #expect(request["x-amz-security-token"] == "token")
        #expect(request["authorization"]?.contains("host;x-amz-content-sha256;x-amz-date;x-amz-security-token") == true)
    }

    @Test func printsNoSecret() {
        let credentials = S3Credentials(accessKey: "access", secretKey: "hidden", sessionToken: "token")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(text.contains("access"))
            #expect(!text.contains("hidden") && !text.contains("token"))
        }
    }
}

/// The worked examples of the S3 API reference, "Signature Calculations for the Authorization Header".
@Suite struct S3SignatureTests {
    let signature = S3Signature(
        credentials: S3Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1")
    let host = "examplebucket.s3.amazonaws.com"
    let time = 1_369_353_600  // 2013-05-24T00:00:00Z

    private func authorization(_ headers: [(name: String, value: String)]) -> String? {
        headers.first { $0.name == "authorization" }?.value
    }

    @Test func signsAGetWithARange() {
        let headers = signature.headers(
            method: "GET", host: host, path: "/test.txt", headers: [("range", "bytes=0-9")], time: time)
        #expect(
            authorization(headers)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(headers.contains { $0 == ("x-amz-date", "20130524T000000Z") })
    }

    @Test func signsAPutOfAnOddKey() {
        let headers = signature.headers(
            method: "PUT", host: host, path: "/test%24file.text",
            headers: [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payloadHash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072", time: time)
        #expect(
            authorization(headers)?.hasSuffix(
                "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
                == true)
    }

    @Test(arguments: [
        ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]) func signsAQuery(_ query: String, _ expected: String) {
        let headers = signature.headers(method: "GET", host: host, path: "/", query: query, time: time)
        #expect(authorization(headers)?.hasSuffix("Signature=\(expected)") == true)
    }
}
