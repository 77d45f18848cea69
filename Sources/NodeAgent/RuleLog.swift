internal import CacheProtocol
internal import Glibc

/// What a node has applied of the journal, on its disk: the file `rules` in the data folder.
///
///     frame 0     the fold of everything before the entries (`RuleSnapshot`); in files of before there were snapshots the
///                 journal's id alone (16 bytes)
///     frame 1 …   batches of journal entries, in order (`Frame`, LZ4 where it gains)
///
/// Invariants
/// 1. An entry is acknowledged only after the frame that holds it is synced.
/// 2. The entries follow gapless on the snapshot's revision and are on its chain.
/// 3. A torn last frame was never acknowledged: recovery cuts it off. A file that makes no sense from its first frame on
///    is as good as none: the node follows from the beginning, which empties its caches.
/// 4. `reset` replaces the file by rename; a crash leaves the old or the new one.
/// 5. Entries are folded into a new snapshot once there are `foldEvery` of them, so that file and start-up stay short.
struct RuleLog: ~Copyable {
    private let folder: String
    private var descriptor: CInt
    private var end: off_t
    private(set) var journal: JournalID?
    private(set) var applied = Revision.zero
    private(set) var chain: ChainDigest?
    private var entriesSinceSnapshot = 0

    private static let name = "/rules"
    private static let foldEvery = 10_000

    /// Opens the log. `recover` comes next.
    init(in folder: String) throws(NodeAgentError) {
        self.folder = folder
        descriptor = open(folder + Self.name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        end = 0
        guard descriptor >= 0 else { throw Self.failure(folder + Self.name) }
    }

    /// Reads what is there into a rule table and cuts off what was never acknowledged; nil when there is no journal yet.
    mutating func recover() throws(NodeAgentError) -> RuleTable? {
        let bytes = try contents()
        let table = replay(bytes)
        if Int(end) < bytes.count, ftruncate(descriptor, end) != 0 { throw Self.failure(folder + Self.name) }
        return table
    }

    deinit {
        close(descriptor)
    }

    private mutating func replay(_ bytes: [UInt8]) -> RuleTable? {
        guard let head = try? Frame.open(bytes[...], limit: Frame.ownFileLimit), let start = Self.snapshot(head.payload) else { return nil }
        var table = start.table
        end = off_t(head.length)
        while let frame = try? Frame.open(bytes[Int(end)...], limit: Frame.ownFileLimit),
            let entries = try? RuleBatch(wireBytes: frame.payload).entries,
            Self.follows(table, entries)
        {
            do throws(ApplyError) { for entry in entries { try table.apply(entry) } } catch { break }
            end += off_t(frame.length)
            entriesSinceSnapshot += entries.count
        }
        (journal, applied, chain) = (start.journal, table.applied, table.chain)
        return table
    }

    private static func snapshot(_ payload: [UInt8]) -> RuleSnapshot? {
        if let id = try? JournalID(wireBytes: payload) { return RuleSnapshot(journal: id, table: RuleTable(journal: id)) }
        return try? RuleSnapshot(wireBytes: payload)
    }

    /// Looked at before any entry is applied, so that a batch that is cut off leaves no trace in the table.
    private static func follows(_ table: RuleTable, _ entries: [JournalEntry]) -> Bool {
        follows(table.applied, table.chain, entries)
    }

    private static func follows(_ applied: Revision, _ chain: ChainDigest, _ entries: [JournalEntry]) -> Bool {
        var (revision, chain) = (applied, chain)
        for entry in entries {
            guard entry.revision == revision.next, entry.chain == entry.chainDigest(following: chain) else { return false }
            (revision, chain) = (entry.revision, entry.chain)
        }
        return true
    }

    /// Appends what is new of a batch and syncs it.
    /// - Throws: `badAnswer` if it contradicts what is here, or does not follow; nothing is written then. `folderUnusable`;
    ///   what was written of the batch is overwritten by the next one.
    mutating func append(_ batch: [JournalEntry]) throws(NodeAgentError) {
        let entries = batch.filter { $0.revision > applied }
        let known = batch.first { $0.revision == applied }
        guard let chain, known == nil || known?.chain == chain, Self.follows(applied, chain, entries) else {
            throw NodeAgentError(.badAnswer, "The origin's entries do not follow on revision \(applied), which this node has.")
        }
        guard let last = entries.last else { return }
        let frame = Frame.seal(RuleBatch(entries: entries))
        guard WholeFile.write(frame, to: descriptor, at: end), fdatasync(descriptor) == 0 else {
            throw Self.failure(folder + Self.name)
        }
        end += off_t(frame.count)
        entriesSinceSnapshot += entries.count
        (applied, self.chain) = (last.revision, last.chain)
    }

    /// Whether it is time to `reset` to what is applied.
    var wantsFolding: Bool { entriesSinceSnapshot >= Self.foldEvery }

    /// Nothing is known of any journal any more, until `reset`. The file stays as it is.
    mutating func disown() {
        (journal, applied, chain) = (nil, .zero, nil)
    }

    /// Replaces the entries by what they fold to. Never by more than is in the file: an entry that could not be appended is
    /// not acknowledged, and is asked for again.
    mutating func fold(to table: RuleTable) throws(NodeAgentError) {
        guard let journal, table.applied == applied else { return }
        try reset(to: RuleSnapshot(journal: journal, table: table))
    }

    /// Begins anew from `snapshot`.
    mutating func reset(to snapshot: RuleSnapshot) throws(NodeAgentError) {
        let path = folder + Self.name
        let temporary = path + ".new"
        let new = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard new >= 0 else { throw Self.failure(temporary) }
        let frame = Frame.seal(snapshot)
        guard WholeFile.write(frame, to: new, at: 0), fsync(new) == 0, rename(temporary, path) == 0, FolderSync.sync(folder)
        else {
            close(new)
            throw Self.failure(path)
        }
        close(descriptor)
        (descriptor, end) = (new, off_t(frame.count))
        (journal, applied, chain) = (snapshot.journal, snapshot.revision, snapshot.table.chain)
        entriesSinceSnapshot = 0
    }

    private func contents() throws(NodeAgentError) -> [UInt8] {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw Self.failure(folder + Self.name) }
        var read = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            while count < buffer.count {
                let got = pread(descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(count))
                if got <= 0 { break }
                count += got
            }
            read = count
        }
        guard read == Int(size) else { throw Self.failure(folder + Self.name) }
        return bytes
    }

    private static func failure(_ path: String) -> NodeAgentError {
        NodeAgentError(
            .folderUnusable,
            "\(path): \(String(cString: strerror(errno))). The node can't confirm commands until its disk takes writes.")
    }
}

private struct RuleBatch: WireCodable {
    let entries: [JournalEntry]

    init(entries: [JournalEntry]) {
        self.entries = entries
    }

    func encode(into writer: inout WireWriter) {
        writer.write(entries) { $1.encode(into: &$0) }
    }

    init(from reader: inout WireReader) throws(WireError) {
        entries = try reader.list { (reader) throws(WireError) in try JournalEntry(from: &reader) }
    }
}
