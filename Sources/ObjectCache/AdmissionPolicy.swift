internal import CacheProtocol
internal import Synchronization

/// Which fills are kept. What is not kept is served all the same.
public enum AdmissionPolicy: String, Sendable, CaseIterable {
    case always
    /// Those that were filled before, as far as is remembered: what is asked for once only costs no writing and pushes
    /// nothing out. The memory does not survive a restart.
    case secondRequest = "second-request"
}

/// The policy with what it remembers.
final class Admission: Sendable {
    private let policy: AdmissionPolicy
    private let recent: Mutex<RecentKeys>

    init(_ configuration: ObjectCacheConfiguration) {
        policy = configuration.admission
        recent = Mutex(RecentKeys(remembering: policy == .always ? 0 : configuration.chosenRecentKeys))
    }

    /// - Parameter isPresent: whether the cache holds the key: a newer copy of what is there is no newcomer.
    func admits(_ key: CacheKey, isPresent: @autoclosure () -> Bool) -> Bool {
        policy == .always || isPresent() || recent.withLock { $0.note(key) }
    }

    var allocatedBytes: Int { recent.withLock { $0.allocatedBytes } }
}

extension ObjectCacheConfiguration {
    /// By default about as many as there is room for objects of a web's mean size; at most so many that clearing a
    /// generation takes a few milliseconds.
    var chosenRecentKeys: Int {
        recentKeys ?? min(max(diskBytes / (64 << 10), 1 << 10), 1 << 21)
    }
}
