public import Curl

/// One storage as the storages file describes it. The file is a JSON array of objects with a `type`:
///
/// ```json
/// [{"id": "photos", "type": "local", "folder": "/srv/photos"},
///  {"id": "site", "type": "web-folder", "baseURL": "https://example.org/images/"},
///  {"id": "bucket", "type": "s3", "bucket": "photos", "region": "eu-central-1", "accessKey": "…", "secretKey": "…"}]
/// ```
public struct StorageConfiguration: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case local(LocalFolder)
        case webFolder(WebFolder)
        case s3(S3Bucket)
    }

    public struct LocalFolder: Sendable, Equatable {
        /// Absolute.
        public var folder: String
    }

    public struct WebFolder: Sendable, Equatable {
        /// Its path is kept: the key is appended to it.
        public var baseURL: String
        /// Whether the image URL's query is sent on. Default: yes.
        public var usesQuery = true
        /// How many redirects are followed. Default: 5.
        public var maximumRedirects = 5
        /// Blocks of addresses, such as `10.0.0.0/8`, that may be read from although they are not public.
        public var allowNetworks: [String] = []
    }

    public enum Credentials: Sendable, Equatable {
        /// `accessKey`, `secretKey` and, for temporary credentials, `sessionToken`.
        case written(S3Credentials)
        /// `credentials`: kept elsewhere, under this name.
        case named(SecretName)
    }

    public struct S3Bucket: Sendable, Equatable {
        public var bucket: String
        /// Default: `us-east-1`.
        public var region = "us-east-1"
        /// The server's URL. Default: Amazon's in the region.
        public var endpoint: String?
        public var credentials: Credentials
        /// Put before every path by whoever derives keys; ``StorageConfiguration/keyPrefix``.
        public var prefix = ""
        /// Whether the bucket's name stands in the path rather than in the host. Default: with an `endpoint`, and for
        /// names with a dot, which no certificate covers as a host.
        public var pathStyle: Bool?
        /// As for web folders.
        public var allowNetworks: [String] = []
    }

    public var id: String
    public var kind: Kind

    public init(id: String, kind: Kind) {
        self.id = id
        self.kind = kind
    }

    /// What comes before an image's path to make the object's key.
    public var keyPrefix: String {
        if case .s3(let bucket) = kind { bucket.prefix } else { "" }
    }

    /// Whether the image URL's query is part of what is read.
    public var usesQuery: Bool {
        if case .webFolder(let folder) = kind { folder.usesQuery } else { false }
    }

    /// The place that the id means, without what may change while it stays the same place (credentials, networks, how it
    /// is reached). Two places never have the same text.
    public var meaning: String {
        switch kind {
        case .local(let local): "local \(local.folder)"
        case .webFolder(let folder): "web-folder \(folder.baseURL)"
        case .s3(let s3): "s3 \(s3.bucket) \(s3.endpoint ?? "amazon") \(s3.prefix)"
        }
    }

    /// The storage itself.
    ///
    /// - Parameter secret: What is kept under the name of credentials.
    /// - Throws: What is wrong with a value. A storage that is not there, a folder apart, shows at the first read.
    public func makeStorage(
        client: CurlClient, readers: FileReaders, secret: (SecretName) -> S3Credentials? = { _ in nil }
    ) throws(StorageConfigurationError) -> any SourceStorage {
        switch kind {
        case .local(let local):
            return try LocalFolderStorage(id: id, folder: local.folder, readers: readers)
        case .webFolder(let folder):
            return WebFolderStorage(
                id: id, base: try base(folder.baseURL, "baseURL"), usesQuery: folder.usesQuery,
                maximumRedirects: folder.maximumRedirects, networks: try networks(folder.allowNetworks), client: client)
        case .s3(let s3):
            let endpoint = s3.endpoint ?? "https://s3.\(s3.region).amazonaws.com"
            guard !endpoint.contains("?"), !endpoint.contains("@") else {
                throw wrong("\"endpoint\" may hold no query and no credentials.")
            }
            let credentials: S3Credentials
            switch s3.credentials {
            case .written(let written): credentials = written
            case .named(let name):
                guard let kept = secret(name) else {
                    throw wrong("its credentials \(name) are not among the secrets of this node, or can't be read.")
                }
                credentials = kept
            }
            return try S3Storage(
                id: id, bucket: s3.bucket, region: s3.region, endpoint: try base(endpoint, "endpoint"),
                pathStyle: s3.pathStyle ?? (s3.endpoint != nil || s3.bucket.contains(".")), credentials: credentials,
                networks: try networks(s3.allowNetworks), client: client)
        }
    }

    private func base(_ text: String, _ name: String) throws(StorageConfigurationError) -> HTTPBase {
        guard let base = HTTPBase(text) else {
            throw wrong(
                "\"\(name)\" is not an http or https URL such as https://example.org/images; it is \"\(text)\".")
        }
        return base
    }

    private func networks(_ texts: [String]) throws(StorageConfigurationError) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for text in texts {
            guard let network = IPNetwork(text) else {
                throw wrong("\"\(text)\" in \"allowNetworks\" is not a network such as 10.0.0.0/8 or fd00::/8.")
            }
            networks.append(network)
        }
        return networks
    }

    private func wrong(_ message: String) -> StorageConfigurationError {
        StorageConfigurationError(storage: id, message: message)
    }
}
