/// What the cluster states of one erase: that no node answers with the bytes any more (Completed), and that every node has
/// destroyed them (Removed), each with its time (DESIGN §4, rule 13). Issued at Completed with outstanding nodes as
/// `pending`, and anew at Removed.
///
/// A receipt is what the signature is over; `SignedReceipt` is the file that people keep. Fields are only ever added:
/// whatever a later version says more, an older one still verifies and passes over.
public struct ErasureReceipt: Codable, Hashable, Sendable {
    /// Always `vignette-erasure-receipt`: nothing else that this key may ever sign begins so.
    public var type: String
    /// Of this form: 1.
    public var version: Int
    public var status: Status
    /// The erase's place in the journal.
    public var revision: UInt64
    /// The source as the operator named it.
    public var named: String
    /// Every place that the name could mean.
    public var sources: [Source]
    /// The journal's id: 32 hexadecimal digits.
    public var journal: String
    /// SHA-256 over everything in the journal through `revision`: 64 hexadecimal digits.
    public var chainDigest: String
    public var orderedBy: String
    /// Times are `2026-11-24T22:31:22.123Z`, by the wall clock of the node that they are about.
    public var orderedAt: String
    public var completedAt: String
    public var removedAt: String?
    /// Of this receipt.
    public var issuedAt: String
    /// Every member of the cluster at the time of the erase, by name.
    public var nodes: [Node]

    public init(
        status: Status, revision: UInt64, named: String, sources: [Source], journal: String, chainDigest: String,
        orderedBy: String, orderedAt: String, completedAt: String, removedAt: String?, issuedAt: String, nodes: [Node]
    ) {
        type = Self.type
        version = Self.version
        self.status = status
        self.revision = revision
        self.named = named
        self.sources = sources
        self.journal = journal
        self.chainDigest = chainDigest
        self.orderedBy = orderedBy
        self.orderedAt = orderedAt
        self.completedAt = completedAt
        self.removedAt = removedAt
        self.issuedAt = issuedAt
        self.nodes = nodes
    }

    static let type = "vignette-erasure-receipt"
    static let version = 1
}

extension ErasureReceipt {
    public enum Status: String, Codable, Hashable, Sendable {
        /// No node answers any request with the bytes.
        case completed = "Completed"
        /// And no node has them on its disk, but for those that stand as `unproven`.
        case removed = "Removed"
    }

    public struct Source: Codable, Hashable, Sendable {
        /// The storage's id in the configuration.
        public var storage: String
        /// The object's key in it.
        public var key: String

        public init(storage: String, key: String) {
            self.storage = storage
            self.key = key
        }
    }

    public struct Node: Codable, Hashable, Sendable {
        public var name: String
        /// Tells nodes of one name apart: 16 hexadecimal digits, drawn when the node's data folder was made.
        public var folder: String
        /// `edge` or `origin`.
        public var role: String
        /// Why it can't answer with the bytes, for each life of the node that held a lease when the erase was ordered.
        /// Empty: none did, so it answered nothing anyway.
        public var silenced: [Silenced]
        public var removal: Removal

        public init(name: String, folder: String, role: String, silenced: [Silenced], removal: Removal) {
            self.name = name
            self.folder = folder
            self.role = role
            self.silenced = silenced
            self.removal = removal
        }
    }

    public struct Silenced: Codable, Hashable, Sendable {
        /// `applied`, `lease-run-out`, `ended`, `declared-dead`, `forgotten`: the words of the command's status.
        public var how: String
        public var at: String

        public init(how: String, at: String) {
            self.how = how
            self.at = at
        }
    }

    public struct Removal: Codable, Hashable, Sendable {
        public enum State: String, Codable, Hashable, Sendable {
            /// The node has reported that the bytes are off its disk and out of its memory.
            case removed
            /// It has not reported yet. Its disk may hold the bytes.
            case pending
            /// It was forgotten or declared dead before it could report. Its disk may hold the bytes, and nobody will know.
            case unproven
        }

        public var state: State
        /// Records destroyed, and their bytes; only for `removed`.
        public var objects: UInt64?
        public var bytes: UInt64?
        public var at: String?

        public init(state: State, objects: UInt64? = nil, bytes: UInt64? = nil, at: String? = nil) {
            self.state = state
            self.objects = objects
            self.bytes = bytes
            self.at = at
        }

        public static func removed(objects: UInt64, bytes: UInt64, at: String) -> Removal {
            Removal(state: .removed, objects: objects, bytes: bytes, at: at)
        }

        public static let pending = Removal(state: .pending)
        public static let unproven = Removal(state: .unproven)
    }
}
