import Curl
import Foundation
import ImageURL
import NodeAgent
import SourceStorage

/// The storages file, read and made usable.
struct OriginStorages: Sendable {
    let ordered: OrderedStorages
    /// What key derivation needs, in fall-back order.
    let references: [StorageReference]
    /// Ids of the storages on this machine's own disk.
    let local: Set<String>

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
        let client = try CurlClient()
        let readers = try FileReaders()
        ordered = OrderedStorages(try storages.map { try $0.makeStorage(client: client, readers: readers) })
        references = storages.map {
            StorageReference(id: $0.id, keyPrefix: $0.keyPrefix, usesQuery: $0.usesQuery)
        }
        local = Set(
            storages.filter { if case .local = $0.kind { true } else { false } }.map(\.id))
    }
}
