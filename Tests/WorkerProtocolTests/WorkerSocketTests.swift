import CProcess
import Glibc
import Testing
@testable import WorkerProtocol

struct WorkerSocketTests {
    private func memory(_ bytes: [UInt8]) throws -> SealedMemory {
        try bytes.withUnsafeBytes { try SealedMemory(copying: $0) }
    }

    private func result(_ count: Int) -> Frame {
        .done(
            TransformResult(
                job: 1, format: "png", width: 1, height: 1, byteCount: count, sourceWidth: 1, sourceHeight: 1,
                cpuMicroseconds: 0))
    }

    @Test func bytesCrossAsTheyAre() throws {
        let (left, right) = try WorkerSocket.pair()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try left.send(result(bytes.count), with: memory(bytes))
        guard case .frame(let frame, let received?) = try right.receive(waiting: true) else {
            Issue.record("no frame with memory")
            return
        }
        #expect(frame == result(bytes.count))
        #expect(try received.copied() == bytes)
    }

    @Test func sealedMemoryCannotBeChanged() throws {
        let memory = try memory([1, 2, 3])
        #expect(write(memory.descriptor, [9], 1) == -1)
        #expect(ftruncate(memory.descriptor, 1) == -1)
        #expect(ftruncate(memory.descriptor, 100) == -1)
        #expect(mmap(nil, 3, PROT_READ | PROT_WRITE, MAP_SHARED, memory.descriptor, 0) == MAP_FAILED)
        #expect(try memory.copied() == [1, 2, 3])
    }

    @Test func noMessageIsNothingAndAClosedEndIsTheEnd() throws {
        var ends: (WorkerSocket?, WorkerSocket) = try WorkerSocket.pair()
        guard case .nothing = try ends.1.receive(waiting: false) else {
            Issue.record("something was received")
            return
        }
        ends.0 = nil
        guard case .end = try ends.1.receive(waiting: true) else {
            Issue.record("the end was not seen")
            return
        }
    }

    @Test("A worker that breaks the protocol is found out, and what it sent is closed", arguments: Breach.allCases)
    func refuses(_ breach: Breach) throws {
        let (left, right) = try WorkerSocket.pair()
        let descriptor = try breach.commit(on: left.descriptor, frame: result(5).bytes)
        #expect(throws: WorkerSocket.ReceiveError.self) { try right.receive(waiting: true) }
        if let descriptor {
            // The only copy left is the test's own: the receiver has closed the one it was sent.
            var status = stat()
            #expect(fstat(descriptor, &status) == 0)
            #expect(openDescriptors(of: status.st_ino) == 1)
            close(descriptor)
        }
    }

    enum Breach: CaseIterable {
        case notSealed, wrongSize, notMemory, noDescriptor, descriptorNotDue, tooLong

        /// Sends; returns the descriptor that went along.
        func commit(on socket: Int32, frame: [UInt8]) throws -> Int32? {
            switch self {
            case .notSealed:
                let fd = vignette_memory_create("test")
                #expect(write(fd, [1, 2, 3, 4, 5], 5) == 5)
                return send(frame, fd, socket)
            case .wrongSize:
                let fd = vignette_memory_create("test")
                #expect(write(fd, [1, 2, 3, 4], 4) == 4)
                #expect(vignette_memory_seal(fd) == 0)
                return send(frame, fd, socket)
            case .notMemory:
                let path = "/tmp/vignette-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
                let fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
                unlink(path)
                #expect(write(fd, [1, 2, 3, 4, 5], 5) == 5)
                return send(frame, fd, socket)
            case .noDescriptor:
                return send(frame, -1, socket)
            case .descriptorNotDue:
                return send(Frame.ready.bytes, vignette_memory_create("test"), socket)
            case .tooLong:
                let fd = vignette_memory_create("test")
                return send(frame + [UInt8](repeating: 0, count: Frame.largestSize), fd, socket)
            }
        }

        private func send(_ bytes: [UInt8], _ fd: Int32, _ socket: Int32) -> Int32? {
            #expect(vignette_send_message(socket, bytes, bytes.count, fd) == 0)
            return fd >= 0 ? fd : nil
        }
    }

    private func openDescriptors(of inode: ino_t) -> Int {
        (0..<4096).count { fd in
            var status = stat()
            return fstat(Int32(fd), &status) == 0 && status.st_ino == inode
        }
    }
}
