/// One kind of request in a scenario: a set of URLs and the order in which they are asked.
public struct Traffic: Codable, Sendable, Equatable {
    public var name: String
    /// This kind's share of all requests, relative to the others' weights. Default 1.
    public var weight: Double
    public var urls: URLSource
    /// Default Zipf with exponent 0.9.
    public var order: Order
    /// Ask every URL of every endpoint once before the clock starts, so that caches are warm. Default false.
    public var prime: Bool

    public init(name: String, weight: Double = 1, urls: URLSource, order: Order = .zipf(exponent: 0.9), prime: Bool = false) {
        self.name = name
        self.weight = weight
        self.urls = urls
        self.order = order
        self.prime = prime
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, weight, order, prime, template, lists, paths, file
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(otherThan: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decodeIfPresent(String.self, forKey: .name) ?? "all"
        weight = try values.decodeIfPresent(Double.self, forKey: .weight) ?? 1
        order = try values.decodeIfPresent(Order.self, forKey: .order) ?? .zipf(exponent: 0.9)
        prime = try values.decodeIfPresent(Bool.self, forKey: .prime) ?? false
        let lists = try values.decodeIfPresent([String: ValueList].self, forKey: .lists)
        let template = try values.decodeIfPresent(String.self, forKey: .template)
        let paths = try values.decodeIfPresent([String].self, forKey: .paths)
        let file = try values.decodeIfPresent(String.self, forKey: .file)
        switch (template, paths, file) {
        case (let template?, nil, nil): urls = .template(template, lists: lists ?? [:])
        case (nil, let paths?, nil) where lists == nil: urls = .paths(paths)
        case (nil, nil, let file?) where lists == nil: urls = .file(file)
        default:
            throw DecodingError.dataCorrupted(DecodingError.Context(
                codingPath: decoder.codingPath,
                debugDescription: "traffic \"\(name)\" needs exactly one of template (with lists), paths and file"
            ))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(weight, forKey: .weight)
        try values.encode(order, forKey: .order)
        try values.encode(prime, forKey: .prime)
        switch urls {
        case .template(let template, let lists):
            try values.encode(template, forKey: .template)
            try values.encode(lists, forKey: .lists)
        case .paths(let paths): try values.encode(paths, forKey: .paths)
        case .file(let file): try values.encode(file, forKey: .file)
        }
    }
}

/// Where a kind's URLs come from. All are paths with their query, as they stand in a request line.
public enum URLSource: Sendable, Equatable {
    /// Every combination of the lists' values, in the template's `{name}` places; `{account}` is the account's path.
    case template(String, lists: [String: ValueList])
    case paths([String])
    /// One path a line; relative to the scenario file. Empty lines and lines with `#` first are skipped.
    case file(String)
}

/// Which URL comes next.
public enum Order: Codable, Sendable, Equatable {
    /// By popularity: the k-th most popular URL with a share proportional to 1 / k^exponent. The seed decides which URL
    /// has which rank. Exponent 0 is uniform.
    case zipf(exponent: Double)
    /// Each URL once, shuffled by the seed; the run ends when all were asked.
    case once
    /// As listed, again and again.
    case listed

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case zipf
    }

    public init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            switch word {
            case "once": self = .once
            case "listed": self = .listed
            default:
                throw DecodingError.dataCorrupted(DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "an order is {\"zipf\": EXPONENT}, \"once\" or \"listed\", not \"\(word)\""
                ))
            }
            return
        }
        try decoder.refuseKeys(otherThan: CodingKeys.self)
        self = .zipf(exponent: try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .zipf))
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .zipf(let exponent):
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(exponent, forKey: .zipf)
        case .once:
            var value = encoder.singleValueContainer()
            try value.encode("once")
        case .listed:
            var value = encoder.singleValueContainer()
            try value.encode("listed")
        }
    }
}
