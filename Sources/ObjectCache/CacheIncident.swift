/// Something that an operator should know. Reported once per kind and run of the process; `CacheStatistics` counts all.
public struct CacheIncident: Sendable, CustomStringConvertible {
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case corruptRecord, corruptSegment, corruptCheckpoint, corruptState, readFailed, writeFailed
        case checkpointFailed, reclaimFailed, overloaded, noRoom, diskFull, folderLost
    }

    public let kind: Kind
    /// What happened, where, and what the cache did about it.
    public let description: String
}
