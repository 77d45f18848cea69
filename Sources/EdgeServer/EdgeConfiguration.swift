import Configuration
import EdgeHTTP
import Foundation
import NodeAgent
import Telemetry

/// What an edge is told at its start. docs/configuration.md lists the keys for operators; this is where they are read.
/// What it serves (endpoint, signing keys) it learns from its origins.
struct EdgeConfiguration: Sendable {
    var node: NodeSettings
    /// `listen.host`, `listen.port`: images over HTTP.
    var listen: ListenerSettings
    /// `listen.loops`: event loops; default the number of cores.
    var loops: Int
    /// `origins`: base URLs of the cache protocol.
    var origins: [String]
    /// `cache.disk-bytes`: a hard limit; default 16 GiB.
    var diskBytes: Int
    /// `cache.memory-bytes`: default 256 MiB.
    var memoryBytes: Int
    /// `fetch.patience-ms`: how long a client waits for a variant that has to be made; default 30,000.
    var fetchPatience: Int
    /// `fetch.max-bytes`: the largest answer of an origin that is taken; default 64 MiB.
    var fetchMaxBytes: Int
    /// `access-log.file`: where access lines go; default standard output.
    var accessLogFile: String?

    /// - Throws: what is missing or wrong, by its key.
    init(file: String) async throws {
        let reader = try await NodeSettings.reader(file: file)
        node = try NodeSettings(reader)
        listen = try ListenerSettings("listen", reader)
        loops = reader.int(forKey: "listen.loops", default: ProcessInfo.processInfo.activeProcessorCount)
        origins = try reader.requiredStringArray(forKey: "origins")
        diskBytes = reader.int(forKey: "cache.disk-bytes", default: 16 << 30)
        memoryBytes = reader.int(forKey: "cache.memory-bytes", default: 256 << 20)
        fetchPatience = reader.int(forKey: "fetch.patience-ms", default: 30_000)
        fetchMaxBytes = reader.int(forKey: "fetch.max-bytes", default: 64 << 20)
        accessLogFile = reader.string(forKey: "access-log.file")
        guard !origins.isEmpty else {
            throw SettingsError("origins is empty; an edge needs the base URL of one origin at the least.")
        }
        guard fetchPatience > 0, fetchMaxBytes > 0 else {
            throw SettingsError("fetch.patience-ms and fetch.max-bytes must be greater than 0.")
        }
    }

    var http: EdgeHTTPConfiguration {
        EdgeHTTPConfiguration(host: listen.host, port: listen.port, nodeName: node.name, loops: loops)
    }

    var accessLog: AccessLogConfiguration {
        var log = AccessLogConfiguration(node: node.name)
        log.destination = accessLogFile.map { .file($0) } ?? .standardOutput
        return log
    }
}
