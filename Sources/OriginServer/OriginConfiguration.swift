import Configuration
import Foundation
import NodeAgent
import ObjectCache

/// What an origin is told at its start. docs/configuration.md lists the keys for operators; this is where they are read.
struct OriginConfiguration: Sendable {
    var node: NodeSettings
    /// `api.host`, `api.port`: REST API and commands.
    var api: ListenerSettings
    /// `protocol.host`, `protocol.port`: edges fetch and follow here.
    var cacheProtocol: ListenerSettings
    // What the first configuration of a journal is made of; afterwards the journal's counts (docs/configuration.md).
    /// `lease-seconds`: how long a node that is cut off may go on answering. 2 to 86,400; default 600.
    var leaseSeconds: Int
    /// `account`: the first segment of every image URL.
    var account: String
    /// `keys.public`: names the account in client-side code.
    var publicKey: String
    /// `keys.private-file`: signs URLs and opens the API, one line.
    var privateKeyFile: String
    /// `signed-only`: unsigned requests answer 401. Default false.
    var signedOnly: Bool
    /// `formats.avif`: whether negotiation may answer AVIF. Default false.
    var avifAuto: Bool
    /// `storages-file`: a JSON array of storages, in fall-back order.
    var storagesFile: String

    /// `secrets-folder`: files `ID.VERSION` with the secrets that the configuration names; default `secrets` in the node's
    /// data folder.
    var secretsFolder: String
    /// `workers.count`: default the number of cores.
    var workerCount: Int
    /// `workers.executable`: default `vignette-worker` beside this executable.
    var workerExecutable: String
    /// `cache.sources.disk-bytes`, `cache.variants.disk-bytes`: hard limits; defaults 4 GiB and 16 GiB.
    var sourceCacheBytes: Int
    var variantCacheBytes: Int
    /// `cache.memory-bytes`: shared half and half by the two; default 256 MiB.
    var memoryBytes: Int
    /// `cache.eviction`: of both, `lru` (default) or `sieve`.
    var eviction: EvictionPolicy
    /// `cache.admission`: of the variants, `always` (default) or `second-request`. A source is kept at once: each of its
    /// variants would ask the storage for it again.
    var admission: AdmissionPolicy
    /// `sources.max-age`: seconds that a shielded source copy is used without asking its storage again; default 86,400.
    var sourceMaxAge: Int
    /// `variants.max-age`: seconds in `Cache-Control`; default one year. A purge reaches every cached copy of ours at once.
    var variantMaxAge: Int

    private static let schema = SettingsSchema([
        "api.host": .text, "api.port": .number, "protocol.host": .text, "protocol.port": .number,
        "lease-seconds": .number, "account": .text, "keys.public": .text, "keys.private-file": .text,
        "signed-only": .flag, "formats.avif": .flag, "storages-file": .text, "secrets-folder": .text, "workers.count": .number,
        "workers.executable": .text, "cache.sources.disk-bytes": .number, "cache.variants.disk-bytes": .number,
        "cache.memory-bytes": .number, "cache.eviction": .text, "cache.admission": .text, "sources.max-age": .number,
        "variants.max-age": .number,
    ])

    /// - Throws: what is missing or wrong, by its key.
    init(file: String) async throws {
        let reader = try await NodeSettings.reader(file: file, schema: Self.schema)
        node = try NodeSettings(reader)
        api = try ListenerSettings("api", reader)
        cacheProtocol = try ListenerSettings("protocol", reader)
        leaseSeconds = reader.int(forKey: "lease-seconds", default: 600)
        account = try reader.requiredString(forKey: "account")
        publicKey = reader.string(forKey: "keys.public", default: "")
        privateKeyFile = try reader.requiredString(forKey: "keys.private-file")
        signedOnly = reader.bool(forKey: "signed-only", default: false)
        avifAuto = reader.bool(forKey: "formats.avif", default: false)
        storagesFile = try reader.requiredString(forKey: "storages-file")
        secretsFolder = reader.string(forKey: "secrets-folder", default: node.dataFolder + "/secrets")
        workerCount = reader.int(forKey: "workers.count", default: ProcessInfo.processInfo.activeProcessorCount)
        workerExecutable = reader.string(forKey: "workers.executable", default: Self.besideThis("vignette-worker"))
        sourceCacheBytes = reader.int(forKey: "cache.sources.disk-bytes", default: 4 << 30)
        variantCacheBytes = reader.int(forKey: "cache.variants.disk-bytes", default: 16 << 30)
        memoryBytes = reader.int(forKey: "cache.memory-bytes", default: 256 << 20)
        eviction = try reader.choice(forKey: "cache.eviction", default: .lru)
        admission = try reader.choice(forKey: "cache.admission", default: .always)
        sourceMaxAge = reader.int(forKey: "sources.max-age", default: 86_400)
        variantMaxAge = reader.int(forKey: "variants.max-age", default: 31_536_000)
        guard (2...86_400).contains(leaseSeconds) else {
            throw SettingsError("lease-seconds is \(leaseSeconds); it goes from 2 to 86400.")
        }
        guard account.wholeMatch(of: /[A-Za-z0-9_-]{1,100}/) != nil else {
            throw SettingsError("account is \"\(account)\"; it is one segment of a URL: letters, digits, - and _.")
        }
        guard cacheProtocol.host == "127.0.0.1" || cacheProtocol.host == "::1" else {
            throw SettingsError(
                "protocol.host is \(cacheProtocol.host). Links between nodes are not encrypted yet, so the cache protocol listens on 127.0.0.1 or ::1 only."
            )
        }
    }

    private static func besideThis(_ name: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
    }
}
