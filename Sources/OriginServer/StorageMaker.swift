import Curl
import SourceStorage

/// Makes readers of the storages that a configuration names.
struct StorageMaker: Sendable {
    let secrets: SecretFolder
    private let client: CurlClient
    private let readers: FileReaders

    init(secrets: SecretFolder) throws {
        self.secrets = secrets
        client = try CurlClient()
        readers = try FileReaders()
    }

    /// - Throws: what is wrong with it, as far as it can be told without asking it.
    func make(_ configuration: StorageConfiguration) throws(StorageConfigurationError) -> any SourceStorage {
        try configuration.makeStorage(client: client, readers: readers) { secrets.credentials($0) }
    }

    /// Every one of them. One that can't be made here answers with the reason, and the others work.
    func makeAll(_ configurations: [StorageConfiguration]) -> OrderedStorages {
        OrderedStorages(
            configurations.map { configuration in
                do throws(StorageConfigurationError) {
                    return try make(configuration)
                } catch {
                    return UnusableStorage(id: configuration.id, reason: error.description)
                }
            })
    }
}

private struct UnusableStorage: SourceStorage {
    let id: String
    let reason: String

    func read(
        _ key: String, query: String, limits: ReadLimits, validators: Validators?
    ) async throws(StorageError) -> StorageAnswer {
        throw StorageError(.denied, storage: id, message: reason)
    }
}
