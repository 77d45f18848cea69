import Configuration
import EdgeHTTP
import Foundation
import NodeAgent
import ObjectCache
import Telemetry

/// What an edge is told at its start. docs/configuration.md lists the keys for operators; this is where they are read.
/// What it serves (endpoint, signing keys) it learns from its origins.
struct EdgeConfiguration: Sendable {
    var node: NodeSettings
    /// `listen.host`, `listen.port`: images over HTTP.
    var listen: ListenerSettings
    /// `listen.tls.port`, `listen.tls.certificate`, `listen.tls.key`: the same over TLS; nil where no port is given.
    var tls: EdgeTLSConfiguration?
    /// `listen.loops`: event loops; default the number of cores.
    var loops: Int
    /// `listen.connections`: in all; default 10,000. `listen.connections-per-client`: default 0, for no such limit.
    var connections: Int
    var connectionsPerClient: Int
    /// `listen.misses`: requests that wait for a fill, in all; default 1,000. `listen.misses-per-client`: default 0, for no such
    /// limit.
    var misses: Int
    var missesPerClient: Int
    /// `listen.leave-ms`: how long an edge that is told to end goes on, unready, until it stops listening; default 2,000.
    var leaveMilliseconds: Int
    /// `origins`: base URLs of the cache protocol.
    var origins: [String]
    /// `cache.disk-bytes`: a hard limit; default 16 GiB.
    var diskBytes: Int
    /// `cache.memory-bytes`: default 256 MiB.
    var memoryBytes: Int
    /// URLs that are remembered with what they mean: as many as the memory tier has objects of 16 KiB. Each takes about 1 kB, and
    /// 3 kB at the most.
    var targets: Int { min(max(memoryBytes >> 14, 8_192), 1 << 16) }
    /// `cache.eviction`: `lru` (default) or `sieve`.
    var eviction: EvictionPolicy
    /// `cache.admission`: `always` (default) or `second-request`.
    var admission: AdmissionPolicy
    /// `fetch.patience-ms`: how long a client waits for a variant that has to be made; default 30,000.
    var fetchPatience: Int
    /// `fetch.max-bytes`: the largest answer of an origin that is taken; default 64 MiB.
    var fetchMaxBytes: Int
    /// `access-log.file`: where access lines go; default standard output, `off` for nowhere.
    var accessLogFile: String?

    private static let schema = SettingsSchema([
        "listen.host": .text, "listen.port": .number, "listen.loops": .number,
        "listen.tls.port": .number, "listen.tls.certificate": .text, "listen.tls.key": .text,
        "listen.connections": .number, "listen.connections-per-client": .number, "listen.misses": .number,
        "listen.misses-per-client": .number, "listen.leave-ms": .number, "origins": .texts,
        "cache.disk-bytes": .number, "cache.memory-bytes": .number, "cache.eviction": .text,
        "cache.admission": .text, "fetch.patience-ms": .number, "fetch.max-bytes": .number, "access-log.file": .text,
    ])

    /// - Throws: what is missing or wrong, by its key.
    init(file: String) async throws {
        let reader = try await NodeSettings.reader(file: file, schema: Self.schema)
        node = try NodeSettings(reader)
        listen = try ListenerSettings("listen", reader)
        tls = try EdgeTLSConfiguration(reader)
        loops = reader.int(forKey: "listen.loops", default: ProcessInfo.processInfo.activeProcessorCount)
        connections = reader.int(forKey: "listen.connections", default: 10_000)
        connectionsPerClient = reader.int(forKey: "listen.connections-per-client", default: 0)
        misses = reader.int(forKey: "listen.misses", default: 1_000)
        missesPerClient = reader.int(forKey: "listen.misses-per-client", default: 0)
        leaveMilliseconds = reader.int(forKey: "listen.leave-ms", default: 2_000)
        origins = try reader.requiredStringArray(forKey: "origins")
        diskBytes = reader.int(forKey: "cache.disk-bytes", default: 16 << 30)
        memoryBytes = reader.int(forKey: "cache.memory-bytes", default: 256 << 20)
        eviction = try reader.choice(forKey: "cache.eviction", default: .lru)
        admission = try reader.choice(forKey: "cache.admission", default: .always)
        fetchPatience = reader.int(forKey: "fetch.patience-ms", default: 30_000)
        fetchMaxBytes = reader.int(forKey: "fetch.max-bytes", default: 64 << 20)
        accessLogFile = reader.string(forKey: "access-log.file")
        // Each origin on SQLite has a journal of its own, and revisions of two journals can't be compared.
        guard origins.count == 1 else {
            throw SettingsError(
                "origins names \(origins.count) origins; it takes the base URL of exactly one until they can share a journal.")
        }
        guard leaveMilliseconds >= 0 else {
            throw SettingsError("listen.leave-ms is \(leaveMilliseconds); it must not be less than 0.")
        }
        guard fetchPatience > 0, fetchMaxBytes > 0 else {
            throw SettingsError("fetch.patience-ms and fetch.max-bytes must be greater than 0.")
        }
    }

    var http: EdgeHTTPConfiguration {
        var http = EdgeHTTPConfiguration(host: listen.host, port: listen.port, nodeName: node.name, loops: loops)
        http.tls = tls
        http.maximumConnections = connections
        http.maximumConnectionsPerClient = connectionsPerClient
        http.maximumWaiting = misses
        http.maximumWaitingPerClient = missesPerClient
        return http
    }

    var accessLog: AccessLogConfiguration {
        var log = AccessLogConfiguration(node: node.name)
        log.destination = accessLogFile.map { $0 == "off" ? .off : .file($0) } ?? .standardOutput
        return log
    }
}

extension EdgeTLSConfiguration {
    /// Nil where nothing of it is set.
    fileprivate init?(_ reader: ConfigReader) throws {
        let port = reader.int(forKey: "listen.tls.port")
        let certificate = reader.string(forKey: "listen.tls.certificate")
        let key = reader.string(forKey: "listen.tls.key")
        if port == nil, certificate == nil, key == nil { return nil }
        guard let port, let certificate, let key else {
            throw SettingsError("listen.tls.port, listen.tls.certificate and listen.tls.key go together; set all three or none.")
        }
        guard (1...65_535).contains(port) else { throw SettingsError("listen.tls.port is \(port); it goes from 1 to 65535.") }
        self.init(port: port, certificate: certificate, key: key)
    }
}
