import Foundation
import ImageURL
import SourceStorage

/// The cluster's configuration as it stands in the journal and as operators write it (docs/configuration.md). Secrets are
/// in it by id and version, never by their values.
struct ConfigurationDocument: Codable, Equatable, Sendable {
    /// The first segment of every image URL.
    var account: String
    var endpoints: [EndpointSettings]
    var storages: [StorageConfiguration]
    /// Definitions by name.
    var transformations: [String: String]
    /// What signatures may have been made with.
    var signingKeys: [SigningKeyName]
    /// What the ids of storages that are gone meant last. Kept by the origin, not by people.
    var formerStorages: [String: String]

    private enum CodingKeys: CodingKey {
        case account, endpoints, storages, transformations, signingKeys, formerStorages
    }

    init(
        account: String, endpoints: [EndpointSettings], storages: [StorageConfiguration],
        transformations: [String: String] = [:], signingKeys: [SigningKeyName] = [], formerStorages: [String: String] = [:]
    ) {
        self.account = account
        self.endpoints = endpoints
        self.storages = storages
        self.transformations = transformations
        self.signingKeys = signingKeys
        self.formerStorages = formerStorages
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            account: try values.decode(String.self, forKey: .account),
            endpoints: try values.decode([EndpointSettings].self, forKey: .endpoints),
            storages: try values.decode([StorageConfiguration].self, forKey: .storages),
            transformations: try values.decodeIfPresent([String: String].self, forKey: .transformations) ?? [:],
            signingKeys: try values.decodeIfPresent([SigningKeyName].self, forKey: .signingKeys) ?? [],
            formerStorages: try values.decodeIfPresent([String: String].self, forKey: .formerStorages) ?? [:])
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(account, forKey: .account)
        try values.encode(endpoints, forKey: .endpoints)
        try values.encode(storages, forKey: .storages)
        try values.encode(transformations, forKey: .transformations)
        try values.encode(signingKeys, forKey: .signingKeys)
        if !formerStorages.isEmpty { try values.encode(formerStorages, forKey: .formerStorages) }
    }

    /// - Throws: `ConfigurationRefusal`: that it is no JSON, a value that is missing or has the wrong type, or a key that
    ///   means nothing, by its place.
    init(json: Data) throws {
        do {
            self = try JSONDecoder().decode(ConfigurationDocument.self, from: json)
        } catch let error as DecodingError {
            throw ConfigurationRefusal([error.inWords])
        }
        let problems = UnknownKeys.problems(in: json)
        if !problems.isEmpty { throw ConfigurationRefusal(problems) }
    }

    /// As the journal carries it: one text for one meaning.
    func canonicalJSON() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Without what the origin keeps for itself.
    var forPeople: ConfigurationDocument {
        var document = self
        document.formerStorages = [:]
        return document
    }

    /// What reading URLs needs of it.
    var ofURLs: URLConfiguration {
        URLConfiguration(
            account: account, endpoints: endpoints, storages: storages.map { StorageReference($0) },
            transformations: transformations, signingKeys: signingKeys)
    }
}

extension StorageReference {
    init(_ storage: StorageConfiguration) {
        self.init(
            id: storage.id, keyPrefix: storage.keyPrefix, usesQuery: storage.usesQuery,
            meaning: storage.meaningDigest)
    }
}

/// What is wrong with a configuration, for the operator who wrote it: everything at once.
struct ConfigurationRefusal: Error, CustomStringConvertible {
    let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    var description: String { problems.joined(separator: "\n") }
}

/// Keys that mean nothing. A misspelt one would otherwise be a default that nobody asked for.
private enum UnknownKeys {
    private static let known: [String: Set<String>] = [
        "": ["account", "endpoints", "storages", "transformations", "signingKeys", "formerStorages"],
        "endpoints": [
            "id", "storages", "leaseSeconds", "privateLeaseSeconds", "strict", "signedOnly", "formatAuto", "avif", "quality",
        ],
        "signingKeys": ["id", "version"],
    ]

    static func problems(in json: Data) -> [String] {
        guard let whole = (try? JSONSerialization.jsonObject(with: json)) as? [String: Any] else { return [] }
        var problems = unknown(whole, "")
        // Storages look after their own keys.
        for list in ["endpoints", "signingKeys"] {
            for (index, entry) in (whole[list] as? [[String: Any]] ?? []).enumerated() {
                problems += unknown(entry, list).map { "\(list), number \(index + 1): \($0)" }
            }
        }
        return problems
    }

    private static func unknown(_ values: [String: Any], _ place: String) -> [String] {
        let allowed = known[place] ?? []
        return values.keys.filter { !allowed.contains($0) }.sorted().map {
            "\"\($0)\" is no key here; there are \(allowed.sorted().joined(separator: ", "))."
        }
    }
}

extension DecodingError {
    /// The decoder's words in ours: where, and what is wrong.
    fileprivate var inWords: String {
        func place(_ path: [any CodingKey]) -> String {
            guard !path.isEmpty else { return "The configuration" }
            return path.map { $0.intValue.map { "number \($0 + 1)" } ?? $0.stringValue }.joined(separator: ", ")
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])): is missing."
        case .typeMismatch(let type, let context): "\(place(context.codingPath)): is no \(Self.name(of: type))."
        case .valueNotFound(let type, let context): "\(place(context.codingPath)): is null, not a \(Self.name(of: type))."
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            "The configuration can't be read as JSON: \(context.debugDescription)"
        case .dataCorrupted(let context): "\(place(context.codingPath)): \(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is Int.Type, is UInt64.Type: "whole number"
        default: "\(type)".hasPrefix("Array") ? "JSON array" : "JSON object"
        }
    }
}
