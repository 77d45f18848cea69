import Foundation
import Glibc
@testable import SourceStorage
import Testing

@Suite struct LocalFolderTests {
    let root: String
    let storage: LocalFolderStorage
    let cleaner: Cleaner

    final class Cleaner {
        let path: String
        init(_ path: String) { self.path = path }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    init() throws {
        var template = Array("/tmp/vignette-folder-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let base = String(cString: made)
        cleaner = Cleaner(base)
        root = "\(base)/photos"
        for folder in [root, "\(root)/sub", "\(base)/photos-of-others"] {
            mkdir(folder, 0o755)
        }
        try World.write([1, 2, 3], to: "\(root)/inside.jpg")
        try World.write([9], to: "\(base)/outside.jpg")
        try World.write([9], to: "\(base)/photos-of-others/x.jpg")
        storage = try LocalFolderStorage(id: "local", folder: root, readers: FileReaders())
    }

    private func code(_ key: String) async -> StorageError.Code? {
        await failure { () throws(StorageError) in try await storage.read(key) }?.code
    }

    @Test func followsLinksOnlyWithinTheFolder() async throws {
        symlink("../inside.jpg", "\(root)/sub/up.jpg")
        symlink("\(root)/inside.jpg", "\(root)/absolute.jpg")
        symlink("sub", "\(root)/folder")
        for key in ["sub/up.jpg", "absolute.jpg", "folder/up.jpg"] {
            #expect(try await storage.read(key).body == [1, 2, 3], "\(key)")
        }
        symlink("../../outside.jpg", "\(root)/sub/out.jpg")
        symlink("/etc/passwd", "\(root)/passwd")
        symlink("..", "\(root)/parent")
        symlink("../photos-of-others", "\(root)/others")
        symlink("/", "\(root)/everything")
        for key in ["sub/out.jpg", "passwd", "parent/outside.jpg", "others/x.jpg", "everything/etc/passwd"] {
            #expect(await code(key) == .denied, "\(key)")
        }
        symlink("loop", "\(root)/loop")
        symlink("nowhere", "\(root)/dangling")
        for key in ["loop", "dangling"] {
            #expect(await code(key) == .notFound, "\(key)")
        }
    }

    @Test func readsNothingButFiles() async throws {
        mkfifo("\(root)/pipe.jpg", 0o666)
        symlink("/dev/zero", "\(root)/zero.jpg")
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(root)/socket.jpg".utf8CString)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.map { UInt8(bitPattern: $0) }) }
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                #expect(bind(listener, pointer, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0)
            }
        }
        for key in ["pipe.jpg", "socket.jpg", "sub", "sub/"] {
            #expect(await code(key) == .notFound, "\(key)")
        }
        #expect(await code("zero.jpg") == .denied)
    }

    @Test func knowsAFileByOneNameOnly() async {
        for key in ["/inside.jpg", "//inside.jpg", "sub//x", "inside.jpg/", "/etc/passwd", "/proc/self/environ"] {
            #expect(await code(key) == .notFound, "\(key)")
        }
    }

    @Test func takesNamesThatAreTooLongForMissing() async {
        #expect(await code(String(repeating: "x", count: 300)) == .notFound)
        #expect(await code(String(repeating: "x/", count: 5000) + "x") == .notFound)
    }

    @Test func noticesAChange() async throws {
        let before = try await storage.read("inside.jpg").validators
        try World.write([1, 2, 3, 4], to: "\(root)/inside.jpg")
        let after = try await storage.read("inside.jpg", query: "", limits: ReadLimits(), validators: before)
        guard case .object(let object) = after else { return #expect(Bool(false), "the change was not seen") }
        #expect(object.body == [1, 2, 3, 4])
        #expect(object.validators != before)
    }

    @Test func leavesNoDescriptorOpen() async throws {
        symlink("/etc/passwd", "\(root)/passwd")
        _ = try await storage.read("inside.jpg")
        func descriptors() throws -> Set<String> {
            let all = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            return Set(
                all.filter {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.contains(root)
                        == true
                })
        }
        let before = try descriptors()
        for key in ["inside.jpg", "passwd", "absent.jpg", "sub"] {
            _ = try? await storage.read(key)
        }
        #expect(try descriptors() == before)
    }

    @Test func saysWhatIsWrongWithTheFolder() throws {
        let readers = try FileReaders()
        for (folder, part) in [
            ("photos", "absolute"), ("\(root)/absent", "No such file"), ("\(root)/inside.jpg", "Not a directory"),
        ] {
            let error = #expect(throws: StorageConfigurationError.self) {
                try LocalFolderStorage(id: "local", folder: folder, readers: readers)
            }
            #expect(error?.description.contains(part) == true, "\(folder)")
        }
    }
}
