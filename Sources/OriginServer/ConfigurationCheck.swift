import ImageURL
import SourceStorage

/// Looks for everything that is wrong with a configuration before it is ordered: afterwards the whole cluster goes by it.
struct ConfigurationCheck {
    let document: ConfigurationDocument
    /// What is in force.
    let old: ConfigurationDocument?
    /// Ids of storages that the operator knows to mean another place from now on.
    var replaced: Set<String> = []
    let storages: StorageMaker

    /// - Throws: `ConfigurationRefusal`.
    func run() throws(ConfigurationRefusal) {
        let problems = account + endpoints + storageProblems + transformations + signingKeys
        if !problems.isEmpty { throw ConfigurationRefusal(problems) }
    }

    private var account: [String] {
        if document.account.wholeMatch(of: /[A-Za-z0-9_-]{1,100}/) != nil { return [] }
        return ["account is \"\(document.account)\"; it is one segment of a URL: letters, digits, - and _."]
    }

    // MARK: Endpoints

    private var endpoints: [String] {
        var problems = Self.duplicates(document.endpoints.map(\.id)).map { "Two endpoints have the id \"\($0)\"." }
        if !document.endpoints.contains(where: \.id.isEmpty) {
            problems.append("There is no default endpoint: one endpoint has the id \"\".")
        }
        for endpoint in document.endpoints {
            let name = endpoint.id.isEmpty ? "The default endpoint" : "Endpoint \"\(endpoint.id)\""
            problems += self.problems(of: endpoint).map { "\(name): \($0)" }
        }
        return problems
    }

    private func problems(of endpoint: EndpointSettings) -> [String] {
        var problems: [String] = []
        if endpoint.id.wholeMatch(of: /[A-Za-z0-9-]{0,100}/) == nil {
            problems.append("an id is up to 100 letters, digits and hyphens.")
        }
        if endpoint.id == "default" { problems.append("that word means the endpoint with the id \"\".") }
        let known = Set(document.storages.map(\.id))
        if endpoint.storages.isEmpty { problems.append("storages is empty, so it would have no image to serve.") }
        problems += endpoint.storages.filter { !known.contains($0) }.map { "there is no storage \"\($0)\"." }
        problems += Self.duplicates(endpoint.storages).map { "storages names \"\($0)\" twice." }
        let bounds = EndpointSettings.leaseBounds
        for (key, seconds) in [("leaseSeconds", endpoint.leaseSeconds), ("privateLeaseSeconds", endpoint.privateLeaseSeconds)] {
            if let seconds, !bounds.contains(seconds) {
                problems.append("\(key) is \(seconds); it goes from \(bounds.lowerBound) to \(bounds.upperBound).")
            }
        }
        if endpoint.strict, let lease = endpoint.leaseSeconds, lease > EndpointSettings.strictLease {
            problems.append("leaseSeconds is \(lease); that of a strict endpoint is \(EndpointSettings.strictLease) at the most.")
        }
        if !TransformationBounds.quality.contains(endpoint.quality) {
            problems.append("quality is \(endpoint.quality); it goes from 1 to 100.")
        }
        if endpoint.signedOnly, document.signingKeys.isEmpty {
            problems.append("it answers signed URLs only, and there is no signing key.")
        }
        return problems
    }

    // MARK: Storages

    private var storageProblems: [String] {
        var problems = Self.duplicates(document.storages.map(\.id)).map { "Two storages have the id \"\($0)\"." }
        for storage in document.storages {
            problems += changeOfMeaning(storage)
            if case .s3(let bucket) = storage.kind {
                switch bucket.credentials {
                case .written:
                    problems.append(
                        "Storage \"\(storage.id)\": secrets don't belong into the configuration. Put them into a file of the secrets folder and write \"credentials\": {\"id\": …, \"version\": …}.")
                    continue
                case .named(let name):
                    if let problem = Self.problem(ofSecret: name.id, name.version) {
                        problems.append("Storage \"\(storage.id)\": its credentials' \(problem)")
                        continue
                    }
                    if storages.secrets.credentials(name) == nil {
                        problems.append(
                            "Storage \"\(storage.id)\": \(storages.secrets.file(name)) is missing or is not {\"accessKey\": …, \"secretKey\": …}.")
                        continue
                    }
                }
            }
            do throws(StorageConfigurationError) { _ = try storages.make(storage) } catch { problems.append(error.description) }
        }
        return problems
    }

    /// Tombstones name places by the storage's id. An id with a new meaning takes them to where nobody put them, and a place
    /// with a new id leaves them behind: what was erased would be back.
    private func changeOfMeaning(_ storage: StorageConfiguration) -> [String] {
        guard let old, !replaced.contains(storage.id) else { return [] }
        let before = old.storages.first { $0.id == storage.id }?.meaningDigest ?? old.formerStorages[storage.id]
        if let before {
            guard before != storage.meaningDigest else { return [] }
            return [
                "Storage \"\(storage.id)\" meant another place before. Its cached copies would be purged, but what was erased by that id stays erased. Give the new place a new id, or confirm: replace=\(storage.id)."
            ]
        }
        let kept = Set(document.storages.map(\.id))
        let renamed = old.storages.first { $0.meaningDigest == storage.meaningDigest && !kept.contains($0.id) }
        guard let renamed else { return [] }
        return [
            "Storage \"\(storage.id)\" is the place that was called \"\(renamed.id)\". What was erased by that id would be served again. Keep the id, or confirm: replace=\(storage.id)."
        ]
    }

    // MARK: Transformations and keys

    private var transformations: [String] {
        var problems: [String] = []
        if document.transformations.count > NamedTransformations.limit {
            problems.append("There are \(document.transformations.count) named transformations, more than \(NamedTransformations.limit).")
        }
        let named = NamedTransformations(document.transformations)
        for name in document.transformations.keys.sorted() {
            if let fault = named.fault(in: name) { problems.append("Transformation \"\(name)\": \(fault).") }
        }
        return problems
    }

    private var signingKeys: [String] {
        var problems = Self.duplicates(document.signingKeys.map { "\($0.id).\($0.version)" }).map {
            "signingKeys names \($0) twice."
        }
        for key in document.signingKeys {
            if let problem = Self.problem(ofSecret: key.id, key.version) {
                problems.append("A signing key's \(problem)")
            } else if storages.secrets.signingKey(key) == nil {
                let file = storages.secrets.file(SecretName(id: key.id, version: key.version))
                problems.append("Signing key \(key.id).\(key.version): \(file) is missing or empty.")
            }
        }
        return problems
    }

    private static func problem(ofSecret id: String, _ version: UInt64) -> String? {
        guard SecretFolder.canName(id) else { return "id is \"\(id)\"; it is 1 to 64 letters, digits, - and _." }
        return version > 0 ? nil : "version is 0; the first one is 1."
    }

    private static func duplicates(_ ids: [String]) -> [String] {
        var seen: Set<String> = []
        return Set(ids.filter { !seen.insert($0).inserted }).sorted()
    }
}
