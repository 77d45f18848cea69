/// A command to the whole cluster, as the origin's own API has it (`POST /vignette/v1/commands`, and the members' own
/// `POST /vignette/v1/nodes/{name}/{kind}`).
struct ClusterCommand: Encodable, Equatable {
    enum Kind: String, Encodable {
        case purge
        case softPurge = "soft-purge"
        case erase, lift
        /// Of a node.
        case forget
        case declareDead = "declare-dead"
        /// Of the configuration.
        case configure
    }

    enum Scope: Equatable {
        case url(String)
        case source(String)
        /// Every source whose path begins so.
        case prefix(String)
        case tag(String)
        /// Everything that was served through one endpoint.
        case site(String)
        case all
        case node(String)
        /// The configuration as a whole. Told, never sent.
        case configuration
        /// A scope that this version has no words for. Never sent.
        case other
    }

    var kind: Kind
    var scope: Scope
}

extension ClusterCommand.Scope: Codable {
    private enum Keys: String, CodingKey {
        case url, source, prefix, tag, site, all, node, configuration
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        let words: [(Keys, (String) -> Self)] = [
            (.url, Self.url), (.source, Self.source), (.prefix, Self.prefix), (.tag, Self.tag), (.site, Self.site),
            (.node, Self.node),
        ]
        for (key, make) in words {
            if let text = try values.decodeIfPresent(String.self, forKey: key) {
                self = make(text)
                return
            }
        }
        if try values.decodeIfPresent(Bool.self, forKey: .all) == true {
            self = .all
        } else {
            self = values.contains(.configuration) ? .configuration : .other
        }
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        switch self {
        case .url(let url): try values.encode(url, forKey: .url)
        case .source(let path): try values.encode(path, forKey: .source)
        case .prefix(let path): try values.encode(path, forKey: .prefix)
        case .tag(let tag): try values.encode(tag, forKey: .tag)
        case .site(let site): try values.encode(site, forKey: .site)
        case .all: try values.encode(true, forKey: .all)
        case .node(let name): try values.encode(name, forKey: .node)
        case .configuration: try values.encode(true, forKey: .configuration)
        case .other: break
        }
    }
}

/// The answer to a new command.
struct AcceptedCommand: Decodable {
    var revision: UInt64
}

/// Any other answer of the API.
struct Refusal: Decodable {
    var message: String
    var help: String?
}
