internal import CacheProtocol
internal import Glibc

/// The erases whose bytes this node has still to destroy, and the reports that no origin has taken yet: the file `erasures`
/// in the data folder, one frame.
///
/// Invariants
/// 1. An erase stands here, synced, before it is acknowledged. It leaves when its report stands here, synced; the report
///    leaves when an origin has taken it. So a crash at any moment costs work that is done again, never a removal.
/// 2. The file is replaced by rename.
struct ErasureLog: Sendable {
    private let folder: String
    private(set) var outstanding: [Erasure] = []
    private(set) var reports: [RemovalReport] = []

    private static let name = "/erasures"

    /// Reads what is there.
    /// - Returns: nil when the file is damaged: what it said is not known then.
    init?(in folder: String) throws(NodeAgentError) {
        self.folder = folder
        let bytes: [UInt8]?
        do throws(SystemFailure) { bytes = try WholeFile.read(folder + Self.name) } catch { throw Self.failure(error) }
        guard let bytes else { return }
        guard let kept = try? Frame.open(Kept.self, bytes, limit: Frame.ownFileLimit) else { return nil }
        (outstanding, reports) = (kept.outstanding, kept.reports)
    }

    /// Nothing to do and nothing to tell.
    init(emptyIn folder: String) {
        self.folder = folder
    }

    /// Takes erases in; those that are known already, or done and not told yet, are left out.
    /// - Returns: those that it has taken in.
    mutating func add(_ erasures: [Erasure]) throws(NodeAgentError) -> [Erasure] {
        guard !erasures.isEmpty else { return [] }
        let known = Set(outstanding.map(\.revision) + reports.map(\.revision))
        let new = erasures.filter { !known.contains($0.revision) }
        guard !new.isEmpty else { return [] }
        try keep(outstanding + new, reports)
        return new
    }

    /// Their bytes are gone. A report of what is not outstanding is of a history that was left meanwhile.
    mutating func destroyed(_ all: [RemovalReport]) throws(NodeAgentError) {
        let known = Set(outstanding.map(\.revision))
        let new = all.filter { known.contains($0.revision) }
        let done = Set(new.map(\.revision))
        try keep(
            outstanding.filter { !done.contains($0.revision) },
            reports.filter { !done.contains($0.revision) } + new)
    }

    /// An origin has taken these.
    mutating func told(_ taken: [RemovalReport]) throws(NodeAgentError) {
        guard !taken.isEmpty else { return }
        try keep(outstanding, reports.filter { !taken.contains($0) })
    }

    /// The caches are empty and another history begins.
    mutating func clear() throws(NodeAgentError) {
        try keep([], [])
    }

    private mutating func keep(_ outstanding: [Erasure], _ reports: [RemovalReport]) throws(NodeAgentError) {
        let frame = Frame.seal(Kept(outstanding: outstanding, reports: reports))
        do throws(SystemFailure) { try WholeFile.replace(folder + Self.name, with: frame) } catch { throw Self.failure(error) }
        (self.outstanding, self.reports) = (outstanding, reports)
    }

    private static func failure(_ failure: SystemFailure) -> NodeAgentError {
        NodeAgentError(
            .folderUnusable, "\(failure). The node can't confirm erases until its disk takes writes.")
    }
}

private struct Kept: WireCodable {
    var outstanding: [Erasure]
    var reports: [RemovalReport]

    init(outstanding: [Erasure], reports: [RemovalReport]) {
        self.outstanding = outstanding
        self.reports = reports
    }

    func encode(into writer: inout WireWriter) {
        writer.write(outstanding) { $1.encode(into: &$0) }
        writer.write(reports) { $1.encode(into: &$0) }
    }

    init(from reader: inout WireReader) throws(WireError) {
        outstanding = try reader.list { (reader) throws(WireError) in try Erasure(from: &reader) }
        reports = try reader.list { (reader) throws(WireError) in try RemovalReport(from: &reader) }
    }
}
