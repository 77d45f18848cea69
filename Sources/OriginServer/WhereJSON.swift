import CacheProtocol
import Journal

/// What the nodes keep of one source.
struct WhereJSON: Encodable {
    struct Place: Encodable {
        var storage: String
        var key: String
    }

    struct Record: Encodable {
        var cache: String
        var tier: String
        var key: String
        var contentType: String
        var bytes: UInt64
        var fillRevision: UInt64
    }

    struct Node: Encodable {
        var name: String
        var folder: String
        var role: String
        var records: [Record]
        /// Why it could not tell, or not all.
        var failure: String?
    }

    struct Silent: Encodable {
        var name: String
        var folder: String
        var reason: String
    }

    struct Totals: Encodable {
        var nodes: Int
        var records: Int
        var bytes: UInt64
    }

    var source: String
    var places: [Place]
    var nodes: [Node]
    /// Nodes that did not answer, but for those that were forgotten.
    var silent: [Silent]
    var totals: Totals
}

extension WhereJSON {
    /// - Parameter members: why who is silent.
    init(_ path: String, _ sources: [SourceIdentity], _ answers: NodeAnswers, members: [StoredMember]) {
        source = path
        places = sources.map { Place(storage: $0.storage, key: $0.key) }
        nodes = answers.reports.map { report in
            Node(
                name: report.node.name, folder: CommandDesk.word(for: report.node.folder), role: "\(report.node.role)",
                records: report.records.map(Record.init), failure: report.failure.isEmpty ? nil : report.failure)
        }
        silent = answers.silent.map { node in
            let hasLeft = members.first { $0.node.folder == node.folder }?.hasLeft == true
            return Silent(
                name: node.name, folder: CommandDesk.word(for: node.folder),
                reason: hasLeft
                    ? "it is stopped, and what its disk holds is not known"
                    : "it did not answer, and what it keeps is not known")
        }
        let records = nodes.flatMap(\.records)
        totals = Totals(
            nodes: nodes.count { !$0.records.isEmpty }, records: records.count, bytes: records.reduce(0) { $0 + $1.bytes })
    }
}

extension WhereJSON.Record {
    init(_ record: KeptRecord) {
        self.init(
            cache: record.cache, tier: record.tier, key: record.key.description, contentType: record.contentType,
            bytes: record.bytes, fillRevision: record.fillRevision.rawValue)
    }
}
