public import Configuration
internal import Foundation
internal import Logging
internal import SystemPackage

/// The keys that every node has, edge or origin. docs/configuration.md lists them for operators.
public struct NodeSettings: Sendable {
    /// `node.name`: unique in the cluster.
    public var name: String
    /// `node.data`: what the node keeps; one process at a time.
    public var dataFolder: String
    /// `node.token-file`: the cluster's token, one line.
    public var tokenFile: String
    /// `telemetry.host`, `telemetry.port`: metrics, health, readiness.
    public var telemetry: ListenerSettings
    /// `log.level`: trace, debug, info, notice, warning, error or critical; default info.
    public var logLevel: String

    /// - Throws: what is missing, by its key.
    public init(_ reader: ConfigReader) throws {
        name = try reader.requiredString(forKey: "node.name")
        dataFolder = try reader.requiredString(forKey: "node.data")
        tokenFile = try reader.requiredString(forKey: "node.token-file")
        telemetry = try ListenerSettings("telemetry", reader)
        logLevel = reader.string(forKey: "log.level", default: "info")
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw SettingsError("log.level is \"\(logLevel)\"; it is trace, debug, info, notice, warning, error or critical.")
        }
    }

    /// A node's JSON file; the environment (`VIGNETTE_NODE_NAME` for `node.name`) goes before it.
    /// - Throws: what is wrong in either, by its key.
    public static func reader(file: String, schema: SettingsSchema) async throws -> ConfigReader {
        try schema.check(file: file, environment: ProcessInfo.processInfo.environment)
        do {
            return ConfigReader(providers: [
                EnvironmentVariablesProvider().prefixKeys(with: "vignette"),
                try await FileProvider<JSONSnapshot>(filePath: FilePath(file)),
            ])
        } catch {
            throw SettingsError("\(file) can't be read as JSON: \(error)")
        }
    }

    public func token() throws(SettingsError) -> String {
        try Self.secret(in: tokenFile, key: "node.token-file")
    }

    /// The first line of a file that holds a secret.
    public static func secret(in file: String, key: String) throws(SettingsError) -> String {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let line = text.split(whereSeparator: \.isNewline).first
        else {
            throw SettingsError("\(key) names \(file), which can't be read or is empty.")
        }
        return String(line)
    }
}

/// Where something listens.
public struct ListenerSettings: Sendable {
    public var host: String
    public var port: Int

    /// `KEY.host`, default 127.0.0.1, and `KEY.port`.
    public init(_ key: String, _ reader: ConfigReader) throws {
        host = reader.string(forKey: ConfigKey("\(key).host"), default: "127.0.0.1")
        port = try reader.requiredInt(forKey: ConfigKey("\(key).port"))
        guard (1...65_535).contains(port) else {
            throw SettingsError("\(key).port is \(port); it goes from 1 to 65535.")
        }
    }
}

/// What is wrong with a setting, by its key, and what it may be.
public struct SettingsError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
