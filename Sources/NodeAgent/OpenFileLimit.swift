internal import Glibc

public enum OpenFileLimit {
    /// Raises the process's soft limit to its hard one: the usual 1,024 is less than the connections and segment files of
    /// one node.
    /// - Returns: the limit now in force.
    @discardableResult
    public static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
    }
}
