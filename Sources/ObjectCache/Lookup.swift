public import CacheProtocol

public enum Lookup: Sendable {
    case hit(CachedObject)
    case miss(MissReason)
}

/// Why a lookup has nothing to answer with.
public enum MissReason: Hashable, Sendable {
    case absent
    /// A hard purge or an erase of this revision matches. The object is gone now.
    case refused(by: Revision)
    /// Filled before the floor (DESIGN §4, rule 8).
    case belowFloor
    /// A checksum or a field is wrong. The object is gone now.
    case corrupt
    /// The disk gave an error. The object is gone now.
    case unreadable
}

/// What became of a store. Whatever it is, the caller may answer the requests that waited for this fill with its bytes.
public enum StoreResult: Hashable, Sendable {
    /// Found by lookups from now on; written to the disk soon.
    case stored
    case notStored(NotStoredReason)
}

public enum NotStoredReason: Hashable, Sendable {
    /// A hard command of this revision, newer than the fill, matches.
    case refused(by: Revision)
    case belowFloor
    /// What the cache has was filled at a later revision.
    case superseded
    case tooLarge
    /// Nobody had asked for it before, as far as is remembered (`AdmissionPolicy.secondRequest`).
    case firstRequest
    /// The disk is behind: `writeBehindBytes` are waiting already.
    case overloaded
    /// The cache was emptied since the fill began.
    case emptied
    case closed
}
