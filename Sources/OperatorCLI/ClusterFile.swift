import Foundation

/// What `cluster/up` writes to `cluster.json`, as far as an operator's commands need it.
struct ClusterFile: Decodable, Equatable {
    struct Node: Decodable, Equatable {
        var name: String
        var role: String
        var readyURL: String?
    }

    var account: String
    var apiURL: String
    var privateKey: String
    var nodes: [Node]

    /// - Parameters:
    ///   - option: `--cluster`.
    ///   - environment: `VIGNETTE_CLUSTER` names the file where the option does not.
    static func read(option: String?, environment: [String: String]) throws(OperatorError) -> ClusterFile {
        guard let path = option ?? environment["VIGNETTE_CLUSTER"], !path.isEmpty else {
            throw OperatorError(
                .cluster,
                "Which cluster? Name its cluster.json: `--cluster DIR/cluster.json`, or VIGNETTE_CLUSTER in the "
                    + "environment. cluster/up writes it when the cluster is ready."
            )
        }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw OperatorError(
                .cluster, "'\(path)' cannot be read. Is the cluster up? cluster/up writes it, cluster/down removes it."
            )
        }
        do {
            return try JSONDecoder().decode(ClusterFile.self, from: data)
        } catch {
            throw OperatorError(.cluster, "'\(path)' is no cluster.json of this version of Vignette: \(error.whereItFailed)")
        }
    }
}

extension Error {
    /// A decoding error's place, in words.
    var whereItFailed: String {
        guard let error = self as? DecodingError else { return "\(self)" }
        return switch error {
        case .keyNotFound(let key, let context): "there is no '\((context.codingPath + [key]).dotted)'."
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(context.codingPath.dotted)' has the wrong type."
        case .dataCorrupted: "it is not JSON."
        @unknown default: "\(error)"
        }
    }
}

extension [any CodingKey] {
    fileprivate var dotted: String {
        map(\.stringValue).joined(separator: ".")
    }
}
