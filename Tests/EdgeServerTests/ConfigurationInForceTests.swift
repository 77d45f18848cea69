import CacheProtocol
import Crypto
import Foundation
import ImageURL
import Synchronization
import Testing

@testable import EdgeServer

/// What an edge remembers of URLs must never be what it would not read now.
@Suite struct ConfigurationInForceTests {
    private static let key = "private_key"

    private func configuration(
        _ change: (inout URLConfiguration) -> Void = { _ in }, now: @escaping @Sendable () -> Int64 = { 1_700_000_000 }
    ) throws -> ConfigurationInForce {
        var document = URLConfiguration(
            account: "demo", endpoints: [EndpointSettings(id: "", storages: ["photos"])], storages: [StorageReference(id: "photos")],
            transformations: ["small": "w-100"], signingKeys: [SigningKeyName(id: "k", version: 1)])
        change(&document)
        let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
        let answer = EdgeConfigurationAnswer(
            revision: Revision(rawValue: 1), document: text,
            signingKeys: document.signingKeys.map { .init(id: $0.id, version: $0.version, value: Self.key) })
        return try ConfigurationInForce(answer, now: now)
    }

    @Test func theSameTargetIsReadOnce() throws {
        let configuration = try configuration()
        let first = try configuration.read(target: "/demo/tr:w-100/a.jpg", accept: [.webp])
        #expect(try configuration.read(target: "/demo/tr:w-100/a.jpg", accept: [.webp]) === first)
        let other = try configuration.read(target: "/demo/tr:w-100/a.jpg", accept: [])
        #expect(other.key != first.key, "another format")
        #expect(try configuration.read(target: "/demo/tr:w-101/a.jpg", accept: [.webp]).key != first.key)
        for _ in 0..<2 {
            #expect(throws: ImageURLError.self) { try configuration.read(target: "/demo/tr:w-x/a.jpg", accept: []) }
        }
    }

    @Test func anotherConfigurationReadsAnew() throws {
        let target = "/demo/tr:n-small/a.jpg"
        let before = try configuration().read(target: target, accept: [])
        let after = try configuration { $0.transformations["small"] = "w-200" }.read(target: target, accept: [])
        #expect(before.key != after.key)
        #expect(throws: ImageURLError.self) {
            try configuration { $0.transformations = [:] }.read(target: target, accept: [])
        }
    }

    @Test func aSignatureThatEndsEnds() throws {
        let clock = Mutex<Int64>(1_700_000_000)
        let configuration = try configuration(now: { clock.withLock { $0 } })
        let digest = HMAC<Insecure.SHA1>.authenticationCode(
            for: Data("a.jpg1700000010".utf8), using: SymmetricKey(data: Data(Self.key.utf8)))
        let target = "/demo/a.jpg?ik-t=1700000010&ik-s=\(digest.map { String(format: "%02x", $0) }.joined())"
        let first = try configuration.read(target: target, accept: [])
        clock.withLock { $0 = 1_700_000_010 }
        #expect(try configuration.read(target: target, accept: []) === first)
        clock.withLock { $0 = 1_700_000_011 }
        let error = #expect(throws: ImageURLError.self) { try configuration.read(target: target, accept: []) }
        #expect(error?.httpStatus == 401)
    }
}
