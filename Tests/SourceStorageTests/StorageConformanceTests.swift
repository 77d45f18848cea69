import Curl
import Foundation
import Glibc
@testable import SourceStorage
import Testing
import TestServers

/// What every storage does, whatever its kind.
@Suite struct StorageConformanceTests {
    enum Kind: CaseIterable {
        case localFolder, webFolder, s3PathStyle, s3VirtualHosted
    }

    func storage(_ kind: Kind) async throws -> any SourceStorage {
        let world = try await World.shared.value
        return switch kind {
        case .localFolder: try world.local()
        case .webFolder: try world.web()
        case .s3PathStyle: try world.s3()
        case .s3VirtualHosted: try world.s3(pathStyle: false)
        }
    }

    @Test(arguments: Kind.allCases) func bringsEveryObjectByItsName(_ kind: Kind) async throws {
        let storage = try await storage(kind)
        for (key, body) in World.objects {
            let found = try await storage.read(key)
            #expect(found.body == body, "\(key)")
            #expect(!found.isPrivate)
        }
    }

    @Test(arguments: Kind.allCases) func saysNotFound(_ kind: Kind) async throws {
        let storage = try await storage(kind)
        for key in [
            "absent.jpg", "deep/absent.jpg", "absent/er/path.jpg", "plain.jpg/below", "A/.jpg", "plain.jp", "ab.jpg",
        ] {
            let error = await failure { () throws(StorageError) in try await storage.read(key) }
            #expect(error?.code == .notFound, "\(key): \(String(describing: error))")
            #expect(error?.imageKitCode == "ENOENT")
            #expect(error?.httpStatus == 404)
            #expect(error?.isRetryable == false)
            #expect(error?.message.contains(key) == true)
        }
    }

    @Test(arguments: Kind.allCases) func takesNoKeyThatNamesNoObject(_ kind: Kind) async throws {
        let storage = try await storage(kind)
        for key in [
            "", ".", "..", "../outside.jpg", "deep/../plain.jpg", "deep/./er/path.jpg", "plain.jpg\0", "deep/..",
        ] {
            let error = await failure { () throws(StorageError) in try await storage.read(key) }
            #expect(error?.code == .notFound, "\(key)")
        }
    }

    @Test(arguments: Kind.allCases) func keepsToTheLimit(_ kind: Kind) async throws {
        let storage = try await storage(kind)
        let exact = try await storage.read("million.jpg", limits: ReadLimits(bytes: 1_000_000))
        #expect(exact.body.count == 1_000_000)
        let error = await failure { () throws(StorageError) in
            try await storage.read("million.jpg", limits: ReadLimits(bytes: 999_999))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.imageKitCode == "ELIMIT")
        #expect(error?.httpStatus == 400)
        #expect(error?.message.contains("999999") == true)
    }

    @Test(arguments: Kind.allCases) func comparesValidators(_ kind: Kind) async throws {
        let storage = try await storage(kind)
        let held = try await storage.read("plain.jpg").validators
        #expect(held.etag != nil)
        #expect(held.lastModified != nil)
        let same = try await storage.read("plain.jpg", query: "", limits: ReadLimits(), validators: held)
        guard case .notModified = same else { return #expect(Bool(false), "an unchanged object was sent again") }
        let other = Validators(etag: "\"0123456789abcdef\"")
        guard case .object = try await storage.read("plain.jpg", query: "", limits: ReadLimits(), validators: other)
        else { return #expect(Bool(false), "a changed object was taken for unchanged") }
    }

    @Test(arguments: Kind.allCases) func doesNotMindAQuery(_ kind: Kind) async throws {
        let found = try await storage(kind).read("plain.jpg", query: "alt=media&token=%20x")
        #expect(found.body == World.objects[0].body)
    }

    @Test(arguments: Kind.allCases) func readsManyAtOnce(_ kind: Kind) async throws {
        let storage = try await storage(kind)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                let (key, body) = World.objects[index % 20]
                group.addTask {
                    let found = try await storage.read(key)
                    #expect(found.body == body)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: Kind.allCases) func saysDenied(_ kind: Kind) async throws {
        let world = try await World.shared.value
        let denied: [any SourceStorage]
        let key: String
        switch kind {
        case .localFolder:
            (denied, key) = ([try world.local()], "link-out.jpg")
            symlink("\(world.folder.path)/../outside.jpg", "\(world.folder.path)/\(key)")
        case .webFolder:
            (denied, key) = ([try world.web("/denied"), try world.web("/locked")], "x.jpg")
        case .s3PathStyle, .s3VirtualHosted:
            (denied, key) = ([try world.s3("stranger", pathStyle: kind == .s3PathStyle)], "plain.jpg")
        }
        for storage in denied {
            let error = await failure { () throws(StorageError) in try await storage.read(key) }
            #expect(error?.code == .denied)
            #expect(error?.imageKitCode == "EACCES")
            #expect(error?.storage == storage.id)
            #expect(error?.publicMessage.contains(key) == false)
        }
    }
}
