import CacheProtocol
import ImageURL
import SourceStorage

extension ConfigurationChange {
    /// What of `old` is not in force any more with `new`: bytes that came by it never serve again, also when it is added
    /// back. (What is revoked of keys and named transformations needs no mark: the one makes no signature right any more,
    /// the other is another recipe, so nothing cached is found by it.)
    init(from old: ConfigurationDocument?, to new: ConfigurationDocument) throws {
        let document = try new.canonicalJSON()
        guard let old else {
            self.init(document: document)
            return
        }
        self.init(
            document: document, revokedStorages: Self.storages(goneFrom: old, with: new),
            revokedSites: Self.sites(goneFrom: old, with: new))
    }

    /// Those that are gone, and those whose id means another place now.
    private static func storages(goneFrom old: ConfigurationDocument, with new: ConfigurationDocument) -> [String] {
        let kept = Set(new.storages.map { [$0.id, $0.meaning] })
        return old.storages.filter { !kept.contains([$0.id, $0.meaning]) }.map(\.id).sorted()
    }

    /// Those that are gone, and those that may show less than before: nothing cached of these is found again in any case,
    /// until the storage is added back.
    private static func sites(goneFrom old: ConfigurationDocument, with new: ConfigurationDocument) -> [String] {
        old.endpoints.filter { endpoint in
            guard old.account == new.account, let now = new.endpoints.first(where: { $0.id == endpoint.id }) else { return true }
            return !Set(endpoint.storages).isSubset(of: now.storages)
        }.map(\.id).sorted()
    }
}

extension ConfigurationDocument {
    /// With what is to be remembered of the storages of `old` that are gone.
    func remembering(_ old: ConfigurationDocument?) -> ConfigurationDocument {
        var document = self
        document.formerStorages = old?.formerStorages ?? [:]
        for storage in old?.storages ?? [] { document.formerStorages[storage.id] = storage.meaningDigest }
        for storage in storages { document.formerStorages[storage.id] = nil }
        return document
    }
}

extension StorageConfiguration {
    /// Stands for the place in what edges are told, who are not to know where it is.
    var meaningDigest: String {
        Digest128(hashing: "storage meaning", meaning).description
    }
}
