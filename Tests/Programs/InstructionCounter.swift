internal import CPrograms
internal import Foundation
internal import Synchronization

/// Counts what a thread of another process does, instruction by instruction: the same figure on a busy machine as on a quiet one.
/// (Of one kind of processor: the C library chooses code by what it can.) It slows that thread down some thousand times.
public final class InstructionCounter: Sendable {
    public struct Span: Sendable {
        /// In user mode.
        public let instructions: Int
        /// System calls.
        public let calls: Int
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let result = Mutex<Result<[Span], Failure>?>(nil)

    private init() {}

    /// Only where this knows the processor, and the kernel lets us.
    public static var isAvailable: Bool { programs_can_step() != 0 && geteuid() == 0 }

    /// - Parameters:
    ///   - thread: its kernel id.
    ///   - call: a system call's number; spans lie between two of them that succeed.
    ///   - work: makes the thread do it once; called until there are enough.
    /// - Returns: that many spans.
    public static func spans(
        of thread: Int32, between call: Int, count: Int, whileRepeating work: () async throws -> Void
    ) async throws -> [Span] {
        let counter = InstructionCounter()
        // One thread for all of it: the kernel takes orders from that one alone. Where `work` fails, it goes with the process.
        Thread.detachNewThread { counter.step(thread, call, count) }
        for _ in 0..<count * 20 {
            if let result = counter.result.withLock({ $0 }) { return try result.get() }
            try await work()
        }
        throw Failure(description: "thread \(thread) has made fewer than \(count) calls number \(call): it is not the one at work")
    }

    private func step(_ thread: Int32, _ call: Int, _ count: Int) {
        var spans = [programs_span](repeating: programs_span(), count: count)
        let got = programs_step(thread, call, &spans, CInt(count))
        let counted: Result<[Span], Failure> =
            got < 0
            ? .failure(Failure(description: "thread \(thread) can't be followed: \(String(cString: strerror(-got)))"))
            : .success(spans[..<Int(got)].map { Span(instructions: $0.instructions, calls: $0.calls) })
        result.withLock { $0 = counted }
    }
}
