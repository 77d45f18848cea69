import Foundation
import NodeAgent
import SourceStorage

/// The storages file: what the first configuration of a journal begins with. Secrets that are written there are taken out.
struct SeedStorages: Sendable {
    /// Without values of secrets.
    let configurations: [StorageConfiguration]
    /// Credentials by the storage's id; the configuration names them so, with version 1.
    let written: [String: S3Credentials]

    /// - Throws: `SettingsError` with the file; what is wrong in it.
    init(file: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw SettingsError("storages-file names \(file), which can't be read.")
        }
        let storages = try StorageConfiguration.list(json: Array(data))
        guard !storages.isEmpty else {
            throw SettingsError("\(file) names no storage, so there would be no image to serve.")
        }
        var written: [String: S3Credentials] = [:]
        configurations = storages.map { storage in
            guard case .s3(var bucket) = storage.kind, case .written(let credentials) = bucket.credentials else { return storage }
            written[storage.id] = credentials
            bucket.credentials = .named(SecretName(id: storage.id, version: 1))
            return StorageConfiguration(id: storage.id, kind: .s3(bucket))
        }
        self.written = written
    }
}
