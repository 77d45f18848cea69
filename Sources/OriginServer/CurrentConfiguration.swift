import CacheProtocol
import Foundation
import ImageURL
import Logging
import NodeAgent
import SourceStorage
import Synchronization

/// A configuration as an origin goes by it.
struct ConfigurationInForce: Sendable {
    /// Of the `configure` command.
    let revision: Revision
    let document: ConfigurationDocument
    let served: ServedConfiguration
    let storages: OrderedStorages
    /// Ids of the storages on this machine's own disk.
    let local: Set<String>
    /// What edges are told.
    let edgeAnswer: EdgeConfigurationAnswer
    private let variantMaxAge: Int

    /// - Throws: `ConfigurationRefusal` where the document can't be read: it is of a later version of this program.
    init(_ applied: AppliedConfiguration, storages maker: StorageMaker, variantMaxAge: Int) throws {
        revision = applied.revision
        document = try ConfigurationDocument(json: Data(applied.document.utf8))
        let values = document.signingKeys.compactMap { name in maker.secrets.signingKey(name).map { (name, $0) } }
        served = ServedConfiguration(document.ofURLs, keys: Dictionary(values) { first, _ in first })
        storages = maker.makeAll(document.storages)
        local = Set(document.storages.filter { if case .local = $0.kind { true } else { false } }.map(\.id))
        self.variantMaxAge = variantMaxAge
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        edgeAnswer = EdgeConfigurationAnswer(
            revision: revision, document: String(decoding: try encoder.encode(document.ofURLs), as: UTF8.self),
            signingKeys: values.map { .init(id: $0.0.id, version: $0.0.version, value: $0.1) })
    }

    /// By the endpoint that the URL goes through.
    func policy(for request: FetchRequest) -> OriginPolicy {
        OriginPolicy(served.select(target: request.target), variantMaxAge: variantMaxAge)
    }
}

/// The configuration that this origin goes by, replaced as a whole. Every request takes one look at it.
final class CurrentConfiguration: Sendable {
    private let inForce = Mutex<ConfigurationInForce?>(nil)
    private let storages: StorageMaker
    private let variantMaxAge: Int
    private let log: Logger

    init(storages: StorageMaker, variantMaxAge: Int, log: Logger) {
        self.storages = storages
        self.variantMaxAge = variantMaxAge
        self.log = log
    }

    /// Nil until this process has heard from the journal: what it applied in a former life may be of another one.
    var value: ConfigurationInForce? { inForce.withLock { $0 } }

    /// The hook of the node agent: goes by `applied` when it returns.
    func follow(_ applied: AppliedConfiguration) throws {
        let next = try ConfigurationInForce(applied, storages: storages, variantMaxAge: variantMaxAge)
        report(next)
        inForce.withLock { $0 = next }
    }

    /// What the document names and this origin has not. It goes on with the rest: the command is the cluster's.
    private func report(_ next: ConfigurationInForce) {
        for storage in next.document.storages {
            do throws(StorageConfigurationError) { _ = try storages.make(storage) } catch {
                log.error("a storage can't be read", metadata: ["reason": "\(error)"])
            }
        }
        for key in next.document.signingKeys where storages.secrets.signingKey(key) == nil {
            log.error(
                "a signing key is missing: nothing that it signed is answered",
                metadata: ["key": "\(key.id).\(key.version)", "folder": "\(storages.secrets.path)"])
        }
        log.info("the configuration is in force", metadata: ["revision": "\(next.revision)"])
    }
}
