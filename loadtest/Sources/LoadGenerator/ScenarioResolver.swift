internal import Foundation

/// Turns a scenario as written into one that stands by itself: no files, folders or clusters are left to read.
public struct ScenarioResolver: Sendable {
    /// What relative paths in the scenario are relative to.
    public var folder: String
    public var cluster: ClusterFile?
    /// Lists that replace the scenario's own of the same name.
    public var lists: [String: ValueList] = [:]

    private static let imageExtensions: Set<String> = ["jpg", "jpeg", "png", "webp", "avif", "gif"]

    public init(folder: String, cluster: ClusterFile?) {
        self.folder = folder
        self.cluster = cluster
    }

    /// Reads and decodes a scenario file.
    public static func read(_ path: String) throws -> Scenario {
        do {
            return try JSONDecoder().decode(Scenario.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw LoadTestError(.scenario, "can't use the scenario \(path): \(reason(error))")
        }
    }

    /// The same scenario with every list and file replaced by what it stands for (ranges stay ranges).
    public func resolve(_ scenario: Scenario) throws -> Scenario {
        var resolved = scenario
        for index in scenario.traffic.indices {
            switch scenario.traffic[index].urls {
            case .paths: break
            case .file(let path): resolved.traffic[index].urls = .paths(try lines(of: path))
            case .template(let template, let written):
                let effective = written.merging(lists.filter { template.contains("{\($0.key)}") }) { _, replacement in replacement }
                resolved.traffic[index].urls = .template(template, lists: try effective.mapValues(resolve))
            }
        }
        return resolved
    }

    private func resolve(_ list: ValueList) throws -> ValueList {
        switch list {
        case .values, .range: return list
        case .folder(let path): return .values(try images(under: absolute(path)))
        case .file(let path): return .values(try lines(of: path))
        case .cluster:
            guard let cluster else {
                throw LoadTestError(.scenario, """
                    this scenario takes its photos from the running cluster; name it (--cluster FILE or VIGNETTE_CLUSTER) \
                    or the photos (--list photo=FOLDER)
                    """)
            }
            return .values(try images(under: cluster.photoFolder()))
        }
    }

    private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true)).path
    }

    private func lines(of path: String) throws -> [String] {
        let text: String
        do {
            text = try String(contentsOfFile: absolute(path), encoding: .utf8)
        } catch {
            throw LoadTestError(.scenario, "can't read the list \(path): \(reason(error))")
        }
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    /// Relative paths, percent-encoded, sorted so that a seed means the same on every file system.
    private func images(under folder: String) throws -> [String] {
        let files: [String]
        do {
            files = try FileManager.default.subpathsOfDirectory(atPath: folder)
        } catch {
            throw LoadTestError(.scenario, "can't list the folder \(folder): \(reason(error))")
        }
        let images = files.filter { Self.imageExtensions.contains(($0 as NSString).pathExtension.lowercased()) }
        guard !images.isEmpty else {
            throw LoadTestError(.scenario, "the folder \(folder) has no image files (\(Self.imageExtensions.sorted().joined(separator: ", ")))")
        }
        return images.sorted().map(percentEncoded)
    }

    /// RFC 3986 §2.3: everything but unreserved characters, and the slashes between segments.
    private func percentEncoded(_ path: String) -> String {
        let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
        return path.addingPercentEncoding(withAllowedCharacters: unreserved) ?? path
    }
}
