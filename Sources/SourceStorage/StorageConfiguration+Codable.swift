internal import Foundation

extension StorageConfiguration {
    /// Reads the storages file and makes sure of every value that can be made sure of without looking at a storage.
    ///
    /// - Parameter json: The file's bytes.
    public static func list(json: [UInt8]) throws(StorageConfigurationError) -> [StorageConfiguration] {
        let list: [StorageConfiguration]
        do {
            list = try JSONDecoder().decode([StorageConfiguration].self, from: Data(json))
        } catch let error as DecodingError {
            throw StorageConfigurationError(error)
        } catch {
            throw StorageConfigurationError(storage: nil, message: "\(error)")
        }
        var ids: Set<String> = []
        for one in list {
            guard ids.insert(one.id).inserted else {
                throw StorageConfigurationError(storage: one.id, message: "two storages have this id; rename one.")
            }
        }
        return list
    }
}

extension StorageConfiguration: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case id, type, folder, baseURL, query, maximumRedirects, bucket, region, endpoint, accessKey, secretKey
        case sessionToken, credentials, prefix, pathStyle, allowNetworks
    }

    /// Any key, so that a misspelt one is an error and not a silent default.
    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        id = try values.decode(String.self, forKey: .id)
        func wrong(_ key: Key, _ text: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: values, debugDescription: text)
        }
        guard !id.isEmpty, id.utf8.count <= 64, id.utf8.allSatisfy(Self.isNameByte) else {
            throw wrong(.id, "it is 1 to 64 letters, digits, \"-\", \"_\" and \".\".")
        }
        let allowed: [Key]
        switch try values.decode(String.self, forKey: .type) {
        case "local":
            allowed = [.folder]
            kind = .local(LocalFolder(folder: try values.decode(String.self, forKey: .folder)))
        case "web-folder":
            allowed = [.baseURL, .query, .maximumRedirects, .allowNetworks]
            var folder = WebFolder(baseURL: try values.decode(String.self, forKey: .baseURL))
            folder.usesQuery = try values.decodeIfPresent(Bool.self, forKey: .query) ?? folder.usesQuery
            folder.maximumRedirects =
                try values.decodeIfPresent(Int.self, forKey: .maximumRedirects) ?? folder.maximumRedirects
            guard (0...20).contains(folder.maximumRedirects) else { throw wrong(.maximumRedirects, "it is 0 to 20.") }
            folder.allowNetworks = try values.decodeIfPresent([String].self, forKey: .allowNetworks) ?? []
            kind = .webFolder(folder)
        case "s3":
            allowed = [
                .bucket, .region, .endpoint, .accessKey, .secretKey, .sessionToken, .credentials, .prefix, .pathStyle,
                .allowNetworks,
            ]
            var bucket = S3Bucket(
                bucket: try values.decode(String.self, forKey: .bucket), credentials: try Self.credentials(values))
            guard !bucket.bucket.isEmpty, bucket.bucket.utf8.allSatisfy(Self.isNameByte) else {
                throw wrong(.bucket, "it is letters, digits, \"-\", \"_\" and \".\".")
            }
            bucket.region = try values.decodeIfPresent(String.self, forKey: .region) ?? bucket.region
            guard !bucket.region.isEmpty, bucket.region.utf8.allSatisfy(Self.isNameByte) else {
                throw wrong(.region, "it is a name such as eu-central-1.")
            }
            bucket.endpoint = try values.decodeIfPresent(String.self, forKey: .endpoint)
            bucket.prefix = try values.decodeIfPresent(String.self, forKey: .prefix) ?? ""
            bucket.pathStyle = try values.decodeIfPresent(Bool.self, forKey: .pathStyle)
            bucket.allowNetworks = try values.decodeIfPresent([String].self, forKey: .allowNetworks) ?? []
            kind = .s3(bucket)
        case let type:
            throw wrong(.type, "\"\(type)\" is none of \"local\", \"web-folder\" and \"s3\".")
        }
        let known = Set((allowed + [.id, .type]).map(\.stringValue))
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath + [key],
                    debugDescription:
                        "a storage of this type has no such key; it has \(known.sorted().joined(separator: ", "))."))
        }
    }

    /// Either by their name or as they are.
    private static func credentials(_ values: KeyedDecodingContainer<Key>) throws -> Credentials {
        if let name = try values.decodeIfPresent(SecretName.self, forKey: .credentials) {
            for key in [Key.accessKey, .secretKey, .sessionToken] where values.contains(key) {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values, debugDescription: "\"credentials\" names it; write one of the two.")
            }
            return .named(name)
        }
        let credentials = S3Credentials(
            accessKey: try values.decode(String.self, forKey: .accessKey),
            secretKey: try values.decode(String.self, forKey: .secretKey),
            sessionToken: try values.decodeIfPresent(String.self, forKey: .sessionToken))
        for (key, text) in [(Key.accessKey, credentials.accessKey), (.secretKey, credentials.secretKey)] {
            guard !text.isEmpty else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "it is empty.")
            }
        }
        return .written(credentials)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(id, forKey: .id)
        switch kind {
        case .local(let local):
            try values.encode("local", forKey: .type)
            try values.encode(local.folder, forKey: .folder)
        case .webFolder(let folder):
            try values.encode("web-folder", forKey: .type)
            try values.encode(folder.baseURL, forKey: .baseURL)
            try values.encode(folder.usesQuery, forKey: .query)
            try values.encode(folder.maximumRedirects, forKey: .maximumRedirects)
            try values.encode(folder.allowNetworks, forKey: .allowNetworks)
        case .s3(let bucket):
            try values.encode("s3", forKey: .type)
            try values.encode(bucket.bucket, forKey: .bucket)
            try values.encode(bucket.region, forKey: .region)
            try values.encodeIfPresent(bucket.endpoint, forKey: .endpoint)
            switch bucket.credentials {
            case .written(let credentials):
                try values.encode(credentials.accessKey, forKey: .accessKey)
                try values.encode(credentials.secretKey, forKey: .secretKey)
                try values.encodeIfPresent(credentials.sessionToken, forKey: .sessionToken)
            case .named(let name):
                try values.encode(name, forKey: .credentials)
            }
            try values.encode(bucket.prefix, forKey: .prefix)
            try values.encodeIfPresent(bucket.pathStyle, forKey: .pathStyle)
            try values.encode(bucket.allowNetworks, forKey: .allowNetworks)
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default:
            false
        }
    }
}

extension StorageConfigurationError {
    /// The decoder's words in ours: which storage (by its place in the list), which key, what is wrong.
    init(_ error: DecodingError) {
        func make(_ path: [any CodingKey], _ text: String) -> StorageConfigurationError {
            let place = path.first?.intValue.map { "number \($0 + 1)" }
            let key = path.last.flatMap { $0.intValue == nil ? "\"\($0.stringValue)\": " : nil } ?? ""
            return StorageConfigurationError(storage: place, message: key + text)
        }
        switch error {
        case .keyNotFound(let key, let context):
            self = make(context.codingPath + [key], "is missing.")
        case .typeMismatch(let type, let context):
            self = make(context.codingPath, "must be a \(Self.name(of: type)).")
        case .valueNotFound(let type, let context):
            self = make(context.codingPath, "must be a \(Self.name(of: type)), not null.")
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self = make(
                [], "it is not a JSON array: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)")
        case .dataCorrupted(let context):
            self = make(context.codingPath, context.debugDescription)
        @unknown default:
            self = make([], "\(error)")
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is Int.Type: "whole number"
        case is [String: Any].Type: "JSON object"
        default: "\(type)".hasPrefix("Array") ? "JSON array" : "JSON object"
        }
    }
}
