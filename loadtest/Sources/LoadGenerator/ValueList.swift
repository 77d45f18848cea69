/// The values for one `{name}` of a template.
public enum ValueList: Codable, Sendable, Equatable {
    /// Written out, as they stand in a URL.
    case values([String])
    /// Whole numbers, both ends included.
    case range(from: Int, through: Int, by: Int)
    /// The image files under a folder (relative to the scenario file), as percent-encoded relative paths.
    case folder(String)
    /// One value a line (relative to the scenario file).
    case file(String)
    /// `photos`: the image files that the cluster serves from its local folder.
    case cluster(String)

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case from, through, by, folder, file, cluster
    }

    /// A list may mix numbers and text.
    private struct Value: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) {
                text = String(number)
            } else {
                text = try value.decode(String.self)
            }
        }
    }

    public init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            var texts: [String] = []
            while !list.isAtEnd {
                texts.append(try list.decode(Value.self).text)
            }
            self = .values(texts)
            return
        }
        try decoder.refuseKeys(otherThan: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let folder = try values.decodeIfPresent(String.self, forKey: .folder) {
            self = .folder(folder)
        } else if let file = try values.decodeIfPresent(String.self, forKey: .file) {
            self = .file(file)
        } else if let what = try values.decodeIfPresent(String.self, forKey: .cluster) {
            guard what == "photos" else {
                throw DecodingError.dataCorruptedError(
                    forKey: .cluster, in: values, debugDescription: "a cluster lists \"photos\" only, not \"\(what)\""
                )
            }
            self = .cluster(what)
        } else {
            self = .range(
                from: try values.decode(Int.self, forKey: .from),
                through: try values.decode(Int.self, forKey: .through),
                by: try values.decodeIfPresent(Int.self, forKey: .by) ?? 1
            )
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if case .values(let texts) = self {
            var value = encoder.singleValueContainer()
            try value.encode(texts)
            return
        }
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .values: break
        case .range(let from, let through, let by):
            try values.encode(from, forKey: .from)
            try values.encode(through, forKey: .through)
            try values.encode(by, forKey: .by)
        case .folder(let path): try values.encode(path, forKey: .folder)
        case .file(let path): try values.encode(path, forKey: .file)
        case .cluster(let what): try values.encode(what, forKey: .cluster)
        }
    }
}
