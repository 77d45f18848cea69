import Configuration
import EdgeHTTP
import Foundation
import SystemPackage
import Telemetry

/// What an edge is told at its start. docs/configuration.md lists the keys for operators; this is where they are read.
/// What it serves (endpoint, signing keys) it learns from its origins.
struct EdgeConfiguration: Sendable {
    struct Listener: Sendable {
        var host: String
        var port: Int
    }

    /// `node.name`: unique in the cluster.
    var name: String
    /// `node.data`: applied rules and the cache; one process at a time.
    var dataFolder: String
    /// `node.token-file`: the cluster's token, one line.
    var tokenFile: String
    /// `listen.host`, `listen.port`: images over HTTP.
    var listen: Listener
    /// `listen.loops`: event loops; default the number of cores.
    var loops: Int
    /// `telemetry.host`, `telemetry.port`: metrics, health, readiness.
    var telemetry: Listener
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
    /// `log.level`: trace, debug, info, notice, warning, error or critical; default info.
    var logLevel: String

    /// Reads the file; the environment (`VIGNETTE_NODE_NAME` for `node.name`) goes before it.
    /// - Throws: what is missing or wrong, by its key.
    init(file: String) async throws {
        let reader = ConfigReader(providers: [
            EnvironmentVariablesProvider().prefixKeys(with: "vignette"),
            try await FileProvider<JSONSnapshot>(filePath: FilePath(file)),
        ])
        name = try reader.requiredString(forKey: "node.name")
        dataFolder = try reader.requiredString(forKey: "node.data")
        tokenFile = try reader.requiredString(forKey: "node.token-file")
        listen = try Self.listener("listen", reader)
        loops = reader.int(forKey: "listen.loops", default: ProcessInfo.processInfo.activeProcessorCount)
        telemetry = try Self.listener("telemetry", reader)
        origins = try reader.requiredStringArray(forKey: "origins")
        diskBytes = reader.int(forKey: "cache.disk-bytes", default: 16 << 30)
        memoryBytes = reader.int(forKey: "cache.memory-bytes", default: 256 << 20)
        fetchPatience = reader.int(forKey: "fetch.patience-ms", default: 30_000)
        fetchMaxBytes = reader.int(forKey: "fetch.max-bytes", default: 64 << 20)
        accessLogFile = reader.string(forKey: "access-log.file")
        logLevel = reader.string(forKey: "log.level", default: "info")
        guard !origins.isEmpty else {
            throw EdgeConfigurationError("origins is empty; an edge needs the base URL of one origin at the least.")
        }
    }

    private static func listener(_ key: String, _ reader: ConfigReader) throws -> Listener {
        Listener(
            host: reader.string(forKey: ConfigKey("\(key).host"), default: "127.0.0.1"),
            port: try reader.requiredInt(forKey: ConfigKey("\(key).port")))
    }

    var http: EdgeHTTPConfiguration {
        EdgeHTTPConfiguration(host: listen.host, port: listen.port, nodeName: name, loops: loops)
    }

    var accessLog: AccessLogConfiguration {
        var log = AccessLogConfiguration(node: name)
        log.destination = accessLogFile.map { .file($0) } ?? .standardOutput
        return log
    }

    func token() throws -> String {
        guard let text = try? String(contentsOfFile: tokenFile, encoding: .utf8),
            let line = text.split(whereSeparator: \.isNewline).first, !line.isEmpty
        else {
            throw EdgeConfigurationError("node.token-file names \(tokenFile), which can't be read or is empty.")
        }
        return String(line)
    }
}

struct EdgeConfigurationError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
