/// What the whole cluster is ordered to do (DESIGN §1).
public struct Command: Hashable, Sendable {
    public var kind: CommandKind
    public var scope: CommandScope
    /// The endpoints through which answers may leave that this forbids; empty for all. A command waits for a node that is
    /// cut off no longer than the longest lease of these.
    public var sites: [String]
    /// The URL, path or word the operator gave: for people only, nothing is matched against it.
    public var label: String

    public init(kind: CommandKind, scope: CommandScope, sites: [String] = [], label: String) {
        self.kind = kind
        self.scope = scope
        self.sites = sites
        self.label = label
    }
}

public enum CommandKind: UInt8, Hashable, Sendable, CaseIterable {
    /// Gone now: cached copies are refused from this revision on.
    case hardPurge = 1
    /// Stale now: cached copies may be revalidated.
    case softPurge = 2
    /// A hard purge that also leaves a tombstone: 410 until lifted. Names sources; with any other scope it is a hard purge.
    case erase = 3
    /// Takes the tombstone away. The erase's revision stays as a hard purge.
    case lift = 4
    /// The cluster's configuration from this revision on. What it takes away is a hard purge of all that came by it.
    case configure = 5
    /// A data folder is no member any more: nothing is waited for on its behalf once its leases have run out, and it drops
    /// its caches should it return (DESIGN §4, rule 14).
    case forget = 6
    /// As `forget`, on the operator's word that the process is gone: its leases are not waited for either.
    case declareDead = 7
}

/// What a command matches (DESIGN §4, rule 9).
public enum CommandScope: Hashable, Sendable {
    /// One recipe, in every format, of every source that the URL could mean: `ObjectScope.urlDigest`s.
    case url([Digest128])
    /// Every (storage, key) that the path could reach.
    case source([SourceIdentity])
    /// Every source whose key begins with the key of one of these, in its storage.
    case prefix([SourceIdentity])
    case tag(String)
    case site(String)
    case all
    case configuration(ConfigurationChange)
    /// The data folder of a node.
    case node(UInt64)
}

/// A configuration as the journal carries it: whole, with what the one before it had and it has not.
public struct ConfigurationChange: Hashable, Sendable {
    /// JSON, the configuration module's business. Names secrets by id and version, never their values.
    public var document: String
    /// Ids of storages that nothing may be served from any more.
    public var revokedStorages: [String]
    /// Endpoints that are gone.
    public var revokedSites: [String]

    public init(document: String, revokedStorages: [String] = [], revokedSites: [String] = []) {
        self.document = document
        self.revokedStorages = revokedStorages
        self.revokedSites = revokedSites
    }
}
