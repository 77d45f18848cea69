import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// Something that a test asked a cache for, or was promised by it.
enum CrashMark: Sendable {
    /// Before it is stored.
    case storing(CrashVersion)
    /// A command is durable, and applied.
    case applied
    /// `expect` has returned.
    case expected(Erasure)
    /// `reclaim` has returned.
    case reclaimed([Erasure])
    /// A floor that somebody can see.
    case floor(Revision)
    case emptying
    /// `removeAll` has returned: nothing of an older version than this is left.
    case emptied(version: Int)
    /// Nothing is under way: these versions are found if everything is kept.
    case quiet([Int: Int])
}

/// One fill of one object.
struct CrashVersion: Sendable {
    var number: Int
    var version: Int
    var fill: UInt64
    var body: [UInt8]

    var source: Int { number % 10 }
    var tag: String { "\"\(Self.mark(source))\(Self.digits(fill)):\(number):\(version)\"" }

    /// What every 48 bytes of a body begin with, and the entity tag: nobody can overlook what is left of it.
    static func mark(_ source: Int) -> String { "crash-mark-of-source-\(source):" }

    private static func digits(_ fill: UInt64) -> String {
        let digits = String(fill)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    init(_ number: Int, version: Int, fill: UInt64, size: Int) {
        (self.number, self.version, self.fill) = (number, version, fill)
        body = []
        body.reserveCapacity(size + 64)
        while body.count < size {
            let text = "\(Self.mark(number % 10))\(Self.digits(fill)):\(version):\(body.count):"
            body += text.utf8
            body += repeatElement(0x2E, count: max(0, 48 - text.utf8.count))
        }
        body.removeLast(body.count - size)
    }

    var objectMetadata: ObjectMetadata {
        var all = metadata(number, fill: fill)
        all.entityTag = tag
        return all
    }

    /// Revisions of the fills of this source of which there is something in the bytes.
    static func fills(of source: Int, in bytes: [UInt8]) -> Set<UInt64> {
        let mark = Array(Self.mark(source).utf8)
        // Horspool: by the byte under the mark's end, how far it can be moved.
        var steps = [Int](repeating: mark.count, count: 256)
        for (place, byte) in mark.dropLast().enumerated() { steps[Int(byte)] = mark.count - 1 - place }
        var found: Set<UInt64> = []
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start + mark.count + 7 <= bytes.count {
                if bytes[start..<start + mark.count].elementsEqual(mark) {
                    let digits = bytes[(start + mark.count)...].prefix { (0x30...0x39).contains($0) }
                    // Else torn just here.
                    if digits.count == 6, bytes[digits.endIndex] == 0x3A {
                        found.insert(digits.reduce(0) { $0 &* 10 &+ UInt64($1 - 0x30) })
                    }
                }
                start += steps[Int(bytes[start + mark.count - 1])]
            }
        }
        return found
    }
}

/// What holds after a power cut at some moment.
struct CrashPromises {
    private(set) var versions: [Int: CrashVersion] = [:]
    private(set) var commands = 0
    private(set) var floor = Revision.zero
    private(set) var oldestVersion = 0
    private(set) var expected: [Erasure] = []
    private(set) var reclaimed: [Erasure] = []
    private(set) var quiet: [Int: Int]?

    mutating func note(_ step: CrashTrace.Step) {
        quiet = nil
        switch step {
        case .change, .moved: break
        case .mark(.storing(let version)): versions[version.version] = version
        case .mark(.applied): commands += 1
        case .mark(.expected(let erase)): expected.append(erase)
        case .mark(.reclaimed(let erases)):
            reclaimed += erases
            expected.removeAll { erases.contains($0) }
        case .mark(.floor(let revision)): floor = max(floor, revision)
        case .mark(.emptying): floor = .zero
        case .mark(.emptied(let version)): oldestVersion = version
        case .mark(.quiet(let found)): quiet = found
        }
    }

    /// What a node knows that starts now: of the erases, those that are durable.
    mutating func restart() {
        expected.removeAll { $0.revision.rawValue > UInt64(commands) }
    }
}

/// All that a cache did to its folder, and what was asked of it, in one order.
final class CrashTrace: Sendable {
    enum Step: Sendable {
        case change(FileChange)
        case mark(CrashMark)
        /// The process was killed; another goes on in a copy of the folder.
        case moved([String: UInt64])
    }

    private struct State {
        var steps: [Step] = []
        var life = 0
        weak var core: CacheCore?
        var floor = Revision.zero
        var failsNextSync = false
        var interrupt: (@Sendable (FileChange) -> Step?)?
    }

    private let state = Mutex(State())

    var steps: [Step] { state.withLock { $0.steps } }

    func note(_ step: Step) { state.withLock { $0.steps.append(step) } }
    func mark(_ mark: CrashMark) { note(.mark(mark)) }

    /// For the next process: the one before is not heard any more.
    func changes() -> FileChanges {
        let life = state.withLock { state in
            state.life += 1
            state.core = nil
            return state.life
        }
        let listener = { @Sendable [self] (change: FileChange) in
            state.withLock { state in
                guard state.life == life else { return }
                // Whatever is visible while the file changes must have been durable before.
                if let floor = state.core?.floor, floor != state.floor {
                    state.floor = floor
                    state.steps.append(.mark(.floor(floor)))
                }
                state.steps.append(.change(change))
                guard let last = state.interrupt?(change) else { return }
                state.steps.append(last)
                (state.life, state.interrupt) = (life + 1, nil)
            }
        }
        return FileChanges(
            listener: listener,
            beforeSync: { [self] in
                state.withLock { state in
                    defer { state.failsNextSync = false }
                    return state.failsNextSync ? EIO : 0
                }
            })
    }

    /// The disk fails the next sync of a segment, once.
    func failNextSync(_ fails: Bool = true) { state.withLock { $0.failsNextSync = fails } }

    /// Asked after each change; what it answers is the last step of this life.
    func interrupt(_ interrupt: (@Sendable (FileChange) -> Step?)?) { state.withLock { $0.interrupt = interrupt } }

    /// What the process still does reaches nobody.
    func endLife() { state.withLock { $0.life += 1 } }

    func watch(_ core: CacheCore) {
        state.withLock { state in
            state.core = core
            state.floor = core.floor
        }
    }
}
