public import Curl

/// Files under a base URL of a web server.
public struct WebFolderStorage: SourceStorage {
    public let id: String

    private let base: HTTPBase
    private let usesQuery: Bool
    private let reader: HTTPReader

    /// - Parameters:
    ///   - usesQuery: Whether the request's query is sent on.
    ///   - networks: Networks that are not public and may be read from all the same.
    public init(
        id: String, base: HTTPBase, usesQuery: Bool = true, maximumRedirects: Int = 5, networks: [IPNetwork] = [],
        client: CurlClient
    ) {
        self.id = id
        self.base = base
        self.usesQuery = usesQuery
        self.reader = HTTPReader(
            client: client, storage: id, addresses: AddressGuard(networks: networks, baseURL: base),
            maximumRedirects: maximumRedirects)
    }

    public func read(
        _ key: String, query: String, limits: ReadLimits, validators: Validators?
    ) async throws(StorageError) -> StorageAnswer {
        guard ObjectKey.canName(key) else { throw notFound(key) }
        let url = base.url("/\(ObjectKey.encoded(key))", query: usesQuery ? query : "")
        let response = try await reader.get(
            url, headers: [(name: "x-req-from", value: "vignette")], limits: limits, validators: validators)
        if let answer = try reader.answer(response, validators: validators) {
            return answer
        }
        throw error(response, key)
    }

    private func error(_ response: CurlResponse, _ key: String) -> StorageError {
        let status = response.status
        switch status {
        case 404, 410:
            return notFound(key)
        case 401, 403:
            return StorageError(
                .denied, storage: id,
                message:
                    "Storage \"\(id)\" (\(base)) refuses \"\(key)\" with status \(status). Let its server permit reads."
            )
        default:
            return StorageError(
                .badAnswer(status: status), storage: id,
                message:
                    "Storage \"\(id)\" (\(base)) answered \"\(key)\" with status \(status). Look into its server's log."
            )
        }
    }

    private func notFound(_ key: String) -> StorageError {
        StorageError(.notFound, storage: id, message: "Storage \"\(id)\" (\(base)) has no \"\(key)\".")
    }
}
