import Curl
import Foundation
import Glibc
@testable import SourceStorage
import Testing
import TestServers

/// The same objects in a folder, behind nginx and in SeaweedFS; set up once per test process.
struct World: Sendable {
    static let shared = Task { try await World() }

    let folder: URL
    let client: CurlClient
    let nginx: RealServer
    let seaweed: RealServer
    let readers: FileReaders

    /// Why there is no world. Not from `#require`: a failed requirement is reported once, where it failed first, and the
    /// other tests that await the same world would end as if they had passed.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Key and bytes. Not a dictionary: two of the keys are equal to Swift, though not to any storage.
    static let objects: [(key: String, body: [UInt8])] =
        [
            "plain.jpg", "with space.jpg", "100%.jpg", "%41%2F.jpg", "a+b.jpg", "it's \"quoted\".jpg", "tilde~-._.jpg",
            "a&b=c;d,e@f:g$.jpg", "[brackets](and){braces}.jpg", "ques?tion.jpg", "ha#sh.jpg", "back\\slash.jpg",
            "*star!.jpg", "<angle>|pipe^`.jpg", "deep/er/path.jpg", "日本語/ñ.jpg", "\u{e9}.jpg", "e\u{301}.jpg", "🦊.jpg",
            "...jpg",
        ].map { ($0, Array("bytes of \(Array($0.utf8))".utf8)) } + [
            ("empty.jpg", []), ("million.jpg", noise(1_000_000)), ("large.jpg", noise(12_000_000)),
        ]

    init() async throws {
        client = try CurlClient()
        readers = try FileReaders()
        let temporary = FileManager.default.temporaryDirectory.appending(path: "vignette-storage-tests-\(getpid())")
        removeAtExit(temporary.path)
        folder = temporary.appending(path: "files")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (key, body) in Self.objects {
            let file = folder.appending(path: key)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Self.write(body, to: "\(folder.path)/\(key)")
        }
        try Self.write(Array("secret".utf8), to: "\(temporary.path)/outside.jpg")
        nginx = try await RealServer.start("nginx", folder.path)
        seaweed = try await RealServer.start("seaweedfs")
        for (key, body) in Self.objects {
            try await put(key, body)
        }
    }

    /// Foundation would normalise Unicode in names.
    static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw Failure("\(path) cannot be written: errno \(errno)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure("\(path) was cut short") }
    }

    func put(_ key: String, _ body: [UInt8], metadata: [(name: String, value: String)] = []) async throws {
        let signature = S3Signature(credentials: try credentials("owner"), region: "us-east-1")
        let path = "/photos/\(ObjectKey.encoded(key))"
        let headers = signature.headers(
            method: "PUT", host: "127.0.0.1:\(seaweed.face.port)", path: path, headers: metadata,
            payloadHash: "UNSIGNED-PAYLOAD", time: time(nil))
        let response = try await client.perform(
            CurlRequest(method: "PUT", url: "\(seaweed.url)\(path)", headers: headers, body: body))
        guard response.status == 200 else {
            throw Failure("SeaweedFS refuses \(key): \(String(decoding: response.body, as: UTF8.self))")
        }
    }

    func credentials(_ name: String) throws -> S3Credentials {
        guard let pair = seaweed.face.keys?[name] else { throw Failure("SeaweedFS knows no \(name)") }
        return S3Credentials(accessKey: pair[0], secretKey: pair[1])
    }

    func s3(
        _ name: String = "reader", bucket: String = "photos", credentials: S3Credentials? = nil, pathStyle: Bool = true
    ) throws -> S3Storage {
        let server = pathStyle ? seaweed.url : "http://s3.localhost:\(seaweed.face.port)"
        return try S3Storage(
            id: "bucket", bucket: bucket, region: "us-east-1", endpoint: try #require(HTTPBase(server)),
            pathStyle: pathStyle,
            credentials: try credentials ?? self.credentials(name), client: client)
    }

    func web(_ path: String = "") throws -> WebFolderStorage {
        WebFolderStorage(id: "web", base: try #require(HTTPBase("\(nginx.url)\(path)")), client: client)
    }

    func local() throws -> LocalFolderStorage {
        try LocalFolderStorage(id: "local", folder: folder.path, readers: readers)
    }
}

/// Bytes that no compression shortens and no two offsets share.
func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
    }
}

func removeAtExit(_ path: String) {
    ExitPath.path = path
    atexit { try? FileManager.default.removeItem(atPath: ExitPath.path) }
}

private enum ExitPath {
    // nonisolated(unsafe): written once, by the one set-up, before the exit that reads it.
    nonisolated(unsafe) static var path = ""
}

/// The error that `body` ends in.
func failure<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws(StorageError) -> Value
) async -> StorageError? {
    do {
        _ = try await body()
        Issue.record("it succeeded", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}
