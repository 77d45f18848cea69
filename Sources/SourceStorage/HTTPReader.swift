internal import Curl

/// What web folders and S3 share: one GET under the guard's and the limits' eyes, and what its answer means.
struct HTTPReader: Sendable {
    let client: CurlClient
    let storage: String
    let addresses: AddressGuard
    let maximumRedirects: Int

    func get(
        _ url: String, headers: [(name: String, value: String)], limits: ReadLimits, validators: Validators?
    ) async throws(StorageError) -> CurlResponse {
        var headers = headers
        if let etag = validators?.etag {
            headers.append((name: "If-None-Match", value: etag))
        }
        if let date = validators?.lastModified {
            headers.append((name: "If-Modified-Since", value: date))
        }
        let addresses = addresses
        let request = CurlRequest(
            url: url,
            headers: headers,
            timeouts: CurlTimeouts(connect: limits.connect, total: limits.total, stall: limits.stall),
            maximumBodyBytes: limits.bytes,
            maximumRedirects: maximumRedirects,
            addresses: CurlAddressRule { addresses.allows($0) })
        do throws(CurlError) {
            return try await client.perform(request)
        } catch {
            throw StorageError(
                Self.code(of: error), storage: storage, message: "Storage \"\(storage)\": \(error.message)")
        }
    }

    /// - Returns: `nil` for any status that brings no object and needs an explanation by the storage's kind.
    func answer(_ response: CurlResponse, validators: Validators?) throws(StorageError) -> StorageAnswer? {
        switch response.status {
        case 304 where validators?.isEmpty == false:
            return .notModified
        case 200:
            if let encoding = response.headers["content-encoding"], !encoding.isEmpty,
                encoding.lowercased() != "identity",
                encoding.lowercased() != "aws-chunked"
            {
                throw StorageError(
                    .badAnswer(status: 200), storage: storage,
                    message:
                        "Storage \"\(storage)\" sent a file with Content-Encoding \(encoding), which was not asked "
                        + "for. Store it, or let the server send it, without.")
            }
            return .object(Self.object(response))
        default:
            return nil
        }
    }

    private static func object(_ response: CurlResponse) -> SourceObject {
        let headers = response.headers
        let cacheControl = headers.values(of: "cache-control").joined(separator: ", ")
        return SourceObject(
            body: response.body,
            contentType: headers["content-type"],
            validators: Validators(etag: headers["etag"], lastModified: headers["last-modified"]),
            cacheControl: cacheControl.isEmpty ? nil : cacheControl,
            tags: tags(headers),
            isPrivate: ["is-private-file", "x-amz-meta-isprivatefile"].contains {
                headers.values(of: $0).contains { $0.lowercased() == "true" }
            })
    }

    private static func tags(_ headers: CurlHeaders) -> [String] {
        let spaced = headers.values(of: "surrogate-key").flatMap { $0.split { $0 == " " || $0 == "\t" } }
        let listed = headers.values(of: "cache-tag").flatMap { $0.split(separator: ",") }
        var seen: Set<String> = []
        return (spaced + listed).map { String($0.trimmingBlanks) }.filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    private static func code(of error: CurlError) -> StorageError.Code {
        switch error.code {
        case .tooLarge: .tooLarge
        case .timedOut: .timeout
        case .truncated: .truncated
        case .addressRefused, .schemeRefused: .addressRefused
        case .cancelled, .shutDown: .cancelled
        case .unresolved, .connectFailed, .tlsFailed, .connectionLost, .failed: .unreachable
        default: .badAnswer(status: 0)
        }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" {
            text.removeLast()
        }
        return text
    }
}
