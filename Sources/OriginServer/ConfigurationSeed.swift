import CacheProtocol
import Foundation
import ImageURL
import Journal
import Logging
import SourceStorage

/// The first configuration of a journal comes from the origin's own settings.
struct ConfigurationSeed {
    let configuration: OriginConfiguration
    let storages: StorageMaker
    let seeds: SeedStorages

    func document() throws -> ConfigurationDocument {
        let endpoint = EndpointSettings(
            id: "", storages: seeds.configurations.map(\.id), leaseSeconds: configuration.leaseSeconds,
            signedOnly: configuration.signedOnly, avif: configuration.avifAuto)
        return ConfigurationDocument(
            account: configuration.account, endpoints: [endpoint], storages: seeds.configurations,
            signingKeys: [SecretFolder.ownKey])
    }

    /// Orders it where the journal has no configuration.
    /// - Throws: `ConfigurationRefusal`: what is wrong with the settings.
    /// - Returns: the configuration that the journal has already.
    func plant(in journal: any Journal, _ desk: CommandDesk) async throws -> ConfigurationDocument? {
        if let last = try await Self.last(of: journal) { return try ConfigurationDocument(json: Data(last.utf8)) }
        let document = try document()
        try ConfigurationCheck(document: document, old: nil, storages: storages).run()
        let change = try ConfigurationChange(from: nil, to: document)
        _ = try await desk.submit(
            Command(kind: .configure, scope: .configuration(change), label: "configuration"), by: "the origin's settings")
        return nil
    }

    /// The settings in the origin's own file mean nothing any more, and that surprises people.
    func reportDifference(from ordered: ConfigurationDocument, _ log: Logger) {
        guard let document = try? document() else { return }
        var differing: [String] = []
        let (ours, theirs) = (document.endpoints[0], ordered.endpoints.first { $0.id.isEmpty })
        if document.account != ordered.account { differing.append("account") }
        if document.storages != ordered.storages || ours.storages != theirs?.storages { differing.append("storages-file") }
        if ours.leaseMilliseconds != theirs?.leaseMilliseconds { differing.append("lease-seconds") }
        if ours.signedOnly != theirs?.signedOnly { differing.append("signed-only") }
        if ours.avif != theirs?.avif { differing.append("formats.avif") }
        guard !differing.isEmpty else { return }
        log.warning(
            "the cluster's configuration is in its journal; settings of this node that differ from it have no effect (vignette config)",
            metadata: ["settings": "\(differing.joined(separator: " "))"])
    }

    private static func last(of journal: any Journal) async throws -> String? {
        var found: JournalEntry?
        while case let entries = try await journal.entries(of: [.configure], after: found?.revision ?? .zero, limit: 100),
            let last = entries.last
        {
            found = last
        }
        guard case .configuration(let change)? = found?.command.scope else { return nil }
        return change.document
    }
}
