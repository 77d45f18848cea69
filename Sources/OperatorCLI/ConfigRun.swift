import Foundation

/// Shows, checks and replaces the cluster's configuration.
struct ConfigRun {
    let api: OperatorAPI
    let console: Console
    var asJSON = false

    init(api: OperatorAPI, console: Console, asJSON: Bool = false) {
        self.api = api
        self.console = console
        self.asJSON = asJSON
    }

    init(_ options: ClusterOptions) throws(OperatorError) {
        self.init(
            api: OperatorAPI(cluster: try options.read(), http: try CurlOperatorHTTP()), console: .standard,
            asJSON: options.json)
    }

    /// What it prints can be edited and applied.
    func show() async throws(OperatorError) {
        let answer = try await api.configuration()
        guard let whole = (try? JSONSerialization.jsonObject(with: Data(answer))) as? [String: Any],
            let document = whole["document"]
        else { throw OperatorError(.answer, "The API at \(api.baseURL) answers with no configuration.") }
        if !asJSON, let revision = whole["revision"] { console.notice("In force since revision \(revision).") }
        console.output(Self.text(of: asJSON ? whole : document))
    }

    func check(_ document: [UInt8], replacing: [String]) async throws(OperatorError) {
        let plan = try await api.check(document, replacing: replacing)
        if asJSON { return console.output(JSONText.of(plan)) }
        console.output(plan.changesNothing ? "It says what is in force already." : "It may be applied.")
        for line in plan.revocations { console.output(line) }
    }

    func apply(_ document: [UInt8], replacing: [String], after revision: UInt64?, timeout: Duration?) async throws -> Outcome {
        let run = CommandRun(api: api, console: console, asJSON: asJSON, timeout: timeout)
        return try await run.run(ClusterCommand(kind: .configure, scope: .configuration)) {
            try await api.configure(document, replacing: replacing, after: revision)
        }
    }

    private static func text(of json: Any) -> String {
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try? JSONSerialization.data(withJSONObject: json, options: options)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What a configuration would do (`PUT /vignette/v1/configuration?check=true`).
struct ConfigurationPlan: Codable, Equatable {
    var changesNothing: Bool
    var revokedStorages: [String]
    var revokedEndpoints: [String]

    var revocations: [String] {
        revokedStorages.map { "  purges everything from storage '\($0)'" }
            + revokedEndpoints.map { "  purges everything served by " + ($0.isEmpty ? "the default endpoint" : "endpoint '\($0)'") }
    }
}

extension OperatorAPI {
    /// As the API sends it.
    func configuration() async throws(OperatorError) -> [UInt8] {
        try await ask(OperatorRequest(url: configurationURL)).body
    }

    func check(_ document: [UInt8], replacing: [String]) async throws(OperatorError) -> ConfigurationPlan {
        try await ask(put(document, ["check=true"] + replacing.map(Self.replace)), for: ConfigurationPlan.self)
    }

    /// Returns once it is durable in the journal, and tells its revision.
    /// - Parameter revision: of the configuration that this one is to replace, if it must be that one.
    func configure(
        _ document: [UInt8], replacing: [String], after revision: UInt64?
    ) async throws(OperatorError) -> UInt64 {
        let query = replacing.map(Self.replace) + (revision.map { ["after=\($0)"] } ?? [])
        return try await ask(put(document, query), for: AcceptedCommand.self).revision
    }

    private var configurationURL: String { "\(baseURL)/vignette/v1/configuration" }

    private func put(_ document: [UInt8], _ query: [String]) -> OperatorRequest {
        OperatorRequest(
            method: "PUT", url: configurationURL + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
            headers: ["Content-Type": "application/json"], body: document)
    }

    private static func replace(_ id: String) -> String { "replace=\(encoded(id))" }
}
