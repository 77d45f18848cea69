internal import Foundation

/// What `cluster/up` writes about a running cluster, as far as a load test needs it.
public struct ClusterFile: Sendable {
    /// The edges' public addresses, in the file's order.
    public let endpoints: [Endpoint]
    /// The account's path on every edge, without slashes at its ends: "demo".
    public let account: String
    private let folder: URL

    private struct Contents: Decodable {
        struct Node: Decodable {
            var name: String
            var role: String
            var publicURL: String?
        }
        var endpoint: String
        var nodes: [Node]
    }

    private struct Storage: Decodable {
        var type: String
        var folder: String?
    }

    public init(path: String) throws {
        let file = URL(fileURLWithPath: path)
        let contents: Contents
        do {
            contents = try JSONDecoder().decode(Contents.self, from: Data(contentsOf: file))
        } catch {
            throw LoadTestError(.cluster, "can't read the cluster file \(path): \(reason(error)). Does the cluster run (cluster/up)?")
        }
        account = try Endpoint(contents.endpoint).path
        endpoints = try contents.nodes.filter { $0.role == "edge" }.map { node in
            guard let url = node.publicURL else {
                throw LoadTestError(.cluster, "\(path): the edge \(node.name) has no publicURL")
            }
            return try Endpoint(url)
        }
        guard !endpoints.isEmpty else {
            throw LoadTestError(.cluster, "\(path) names no node with the role edge")
        }
        folder = file.deletingLastPathComponent()
    }

    /// The folder that the cluster serves photos from, by the storages file beside `cluster.json`.
    func photoFolder() throws -> String {
        let file = folder.appendingPathComponent("storages.json")
        let storages: [Storage]
        do {
            storages = try JSONDecoder().decode([Storage].self, from: Data(contentsOf: file))
        } catch {
            throw LoadTestError(.cluster, "can't read \(file.path): \(reason(error)). Name the photos yourself: --list photo=FOLDER")
        }
        guard let local = storages.first(where: { $0.type == "local" })?.folder else {
            throw LoadTestError(.cluster, "this cluster serves no local folder; name the photos yourself: --list photo=FILE")
        }
        return local
    }
}
