import Foundation
import TestPrograms
import Testing

/// What tests run other programs with.
@Suite struct ProgramTests {
    /// Or it would keep open, as long as it lives, the pipes of others who wait for their end.
    @Test func aProgramHasNothingOfTheTestsOwn() async throws {
        let pipe = Pipe()
        let inherited = pipe.fileHandleForWriting.fileDescriptor
        let listing = try await Program.run(["readlink", "/proc/self/fd/\(inherited)"])
        #expect(listing.status == 1 && listing.output == "", "\(listing.output)")
        try pipe.fileHandleForWriting.close()
    }

    @Test func whatAProgramReadsSaysAndEndsWith() async throws {
        let done = try await Program.run(
            ["sh", "-c", "cat; echo $A >&2; pwd; exit 7"], environment: ["A": "b", "PATH": "/bin:/usr/bin"], folder: "/",
            input: Array("in\n".utf8))
        #expect(done.status == 7 && done.output == "in\nb\n/\n", "\(done)")
        #expect(try await Program.run(["sh", "-c", "kill -9 $$"]).status == 128 + 9)
    }
}
