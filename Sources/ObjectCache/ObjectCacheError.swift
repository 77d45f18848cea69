/// Why a cache can't be opened, or can't keep a promise it was asked for. What a lookup or a store meets is no error:
/// see `MissReason` and `StoreResult`.
public struct ObjectCacheError: Error, Sendable, CustomStringConvertible {
    enum Code: Hashable, Sendable {
        case badConfiguration, folderInUse, folderUnusable, notDurable, fillTooOld, overloaded, unreadable, closed
        case notApplied, notDestroyed, noCache
    }

    let code: Code
    public let description: String

    /// As many fills as may be are under way: the same request may succeed a little later.
    public var isOverload: Bool { code == .overloaded }

    /// Another process has the folder open.
    public var isFolderInUse: Bool { code == .folderInUse }

    static func badConfiguration(_ what: String) -> ObjectCacheError {
        ObjectCacheError(code: .badConfiguration, description: "the cache's configuration: \(what)")
    }

    static func folderInUse(_ folder: String, by pid: String) -> ObjectCacheError {
        ObjectCacheError(
            code: .folderInUse,
            description: "the cache folder \(folder) is in use by the process \(pid); end it, or give this node its own")
    }

    static func folderUnusable(_ folder: String, _ failure: SystemFailure) -> ObjectCacheError {
        ObjectCacheError(
            code: .folderUnusable, description: "the cache folder \(folder) can't be used: \(failure)")
    }

    static func notDurable(_ what: String, _ failure: SystemFailure) -> ObjectCacheError {
        ObjectCacheError(
            code: .notDurable, description: "\(what) could not be made durable, so it does not count: \(failure)")
    }

    static func fillTooOld(_ fill: String, _ least: String) -> ObjectCacheError {
        ObjectCacheError(
            code: .fillTooOld, description: "a fill of revision \(fill) answered where \(least) was the least allowed")
    }

    static let overloaded = ObjectCacheError(
        code: .overloaded, description: "as many objects are being fetched as may be at once")

    static func unreadable(_ what: String) -> ObjectCacheError {
        ObjectCacheError(code: .unreadable, description: what)
    }

    static func notApplied(_ erase: String, applied: String) -> ObjectCacheError {
        ObjectCacheError(
            code: .notApplied,
            description: "erase \(erase) can't be carried out before this node's rules have applied it; they are at \(applied)")
    }

    static func notDestroyed(_ failure: SystemFailure) -> ObjectCacheError {
        ObjectCacheError(
            code: .notDestroyed,
            description: "the disk failed while erased bytes were overwritten, so nothing counts as removed: \(failure)")
    }

    static func noCache(_ folder: String) -> ObjectCacheError {
        ObjectCacheError(
            code: .noCache,
            description: "\(folder) is no cache's folder: it has no segments and no file 'state'; an edge's is its data folder's "
                + "'cache', an origin's are 'cache/sources' and 'cache/variants'")
    }

    static let closed = ObjectCacheError(code: .closed, description: "the cache has been shut down")
}

extension ObjectCacheError: Equatable {
    public static func == (left: ObjectCacheError, right: ObjectCacheError) -> Bool {
        left.code == right.code
    }
}
