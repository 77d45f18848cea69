public import Curl
internal import Glibc

/// A bucket of S3 or of a server that speaks its protocol.
public struct S3Storage: SourceStorage {
    public let id: String

    private let bucket: String
    private let region: String
    private let base: HTTPBase
    private let signature: S3Signature
    private let reader: HTTPReader
    private let now: @Sendable () -> Int

    /// - Parameters:
    ///   - base: The bucket's own URL, whose path ends in the bucket's name where it is not part of the host.
    ///   - now: Seconds since 1970.
    init(
        id: String, bucket: String, region: String, base: HTTPBase, credentials: S3Credentials,
        networks: [IPNetwork], client: CurlClient, now: @escaping @Sendable () -> Int = { time(nil) }
    ) {
        self.id = id
        self.bucket = bucket
        self.region = region
        self.base = base
        self.signature = S3Signature(credentials: credentials, region: region)
        // A redirect would carry a signature for another host. S3 redirects only those who have the region wrong.
        self.reader = HTTPReader(
            client: client, storage: id, addresses: AddressGuard(networks: networks, baseURL: base), maximumRedirects: 0
        )
        self.now = now
    }

    public init(
        id: String, bucket: String, region: String, endpoint: HTTPBase, pathStyle: Bool, credentials: S3Credentials,
        networks: [IPNetwork] = [], client: CurlClient
    ) throws(StorageConfigurationError) {
        let place = pathStyle ? endpoint.child(bucket) : endpoint.subdomain(bucket)
        guard let place, pathStyle || !endpoint.isAddress else {
            throw StorageConfigurationError(
                storage: id,
                message:
                    "the bucket \"\(bucket)\" cannot stand before \(endpoint) as a host name; set \"pathStyle\": true.")
        }
        self.init(
            id: id, bucket: bucket, region: region, base: place, credentials: credentials,
            networks: networks, client: client)
    }

    public func read(
        _ key: String, query: String, limits: ReadLimits, validators: Validators?
    ) async throws(StorageError) -> StorageAnswer {
        guard ObjectKey.canName(key) else { throw notFound(key) }
        let path = "/\(ObjectKey.encoded(key))"
        let headers = signature.headers(method: "GET", host: base.hostHeader, path: base.path + path, time: now())
        let response = try await reader.get(base.url(path), headers: headers, limits: limits, validators: validators)
        if let answer = try reader.answer(response, validators: validators) {
            return answer
        }
        throw error(response, key)
    }

    private func error(_ response: CurlResponse, _ key: String) -> StorageError {
        let answer = S3Refusal(response)
        switch (response.status, answer.code) {
        case (404, "NoSuchBucket"):
            return refusal(.denied, answer, "There is no bucket \"\(bucket)\" at \(base). Check its name and region.")
        case (404, _), (410, _):
            return notFound(key)
        case (_, "SignatureDoesNotMatch"):
            return refusal(.denied, answer, "The secret key does not belong to the access key. Check \"secretKey\".")
        case (_, "InvalidAccessKeyId"):
            return refusal(.denied, answer, "The access key is not known there. Check \"accessKey\".")
        case (_, "RequestTimeTooSkewed"):
            return refusal(.denied, answer, "This machine's clock is wrong by minutes. Set it, and keep it with NTP.")
        case (_, "ExpiredToken"), (_, "InvalidToken"):
            return refusal(.denied, answer, "The session token has run out or is wrong. Renew the credentials.")
        case (301, _), (307, _), (_, "AuthorizationHeaderMalformed"), (_, "PermanentRedirect"):
            let place = response.headers["x-amz-bucket-region"].map { "in region \($0)" } ?? "in another region"
            return refusal(
                .badAnswer(status: response.status), answer, "The bucket \"\(bucket)\" is \(place), not in \(region).")
        case (401, _), (403, _):
            return refusal(
                .denied, answer,
                "No permission to read \"\(key)\" of bucket \"\(bucket)\". Grant s3:GetObject, and s3:ListBucket so that "
                    + "missing files can be told from forbidden ones.")
        default:
            return refusal(
                .badAnswer(status: response.status), answer,
                "The answer to \"\(key)\" of bucket \"\(bucket)\" is no file.")
        }
    }

    private func refusal(_ code: StorageError.Code, _ answer: S3Refusal, _ text: String) -> StorageError {
        StorageError(code, storage: id, message: "Storage \"\(id)\": \(text) (\(base.authority) answered \(answer).)")
    }

    private func notFound(_ key: String) -> StorageError {
        StorageError(.notFound, storage: id, message: "Storage \"\(id)\" (bucket \"\(bucket)\") has no \"\(key)\".")
    }
}

/// S3's own word for why it refuses: the `Code` element of its XML answer.
struct S3Refusal: CustomStringConvertible {
    let status: Int
    let code: String?

    init(_ response: CurlResponse) {
        status = response.status
        let text = String(decoding: response.body.prefix(4096), as: UTF8.self)
        if let start = text.firstRange(of: "<Code>")?.upperBound, let end = text[start...].firstIndex(of: "<") {
            code = String(text[start..<end].prefix(64).filter { $0.isLetter || $0.isNumber })
        } else {
            code = nil
        }
    }

    var description: String { code.map { "\(status) \($0)" } ?? "\(status)" }
}
