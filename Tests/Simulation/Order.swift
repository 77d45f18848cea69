import CacheProtocol

/// A command as the operator gave it, and what became of it; what the checker judges by.
final class Order {
    enum Aim: Hashable {
        case url(storages: [Int], image: Int, recipe: Int)
        case source(storages: [Int], image: Int)
        case prefix(storages: [Int], folder: Int)
        case tag(Int)
        case endpoint(Int)
        case all
        case configuration(SimulatedConfiguration, revokedStorages: [Int], revokedEndpoints: [Int])
        case node(UInt64)
    }

    let number: Int
    let kind: CommandKind
    let aim: Aim
    let command: Command
    /// True time at which the operator gave it.
    let issuedAt: UInt64
    /// The head when it was looked up what it means and through which endpoints that may leave.
    let resolvedAt: Revision
    /// Since it stands in the journal.
    var revision: Revision?
    /// `submit` has returned it.
    var isAcknowledged = false
    var completedAt: UInt64?
    var removedAt: UInt64?
    /// The journal was restored from a backup that did not have it.
    var isLost = false

    init(number: Int, _ kind: CommandKind, _ aim: Aim, sites: [Int], resolvedAt: Revision, issuedAt: UInt64) {
        (self.number, self.kind, self.aim) = (number, kind, aim)
        (self.resolvedAt, self.issuedAt) = (resolvedAt, issuedAt)
        command = Command(
            kind: kind, scope: Self.scope(of: aim), sites: sites.map { Catalogue.sites[$0] }, label: "")
    }

    private static func scope(of aim: Aim) -> CommandScope {
        switch aim {
        case .url(let storages, let image, let recipe):
            .url(storages.map { Catalogue.url($0, image, recipe: recipe) })
        case .source(let storages, let image): .source(storages.map { Catalogue.source($0, image) })
        case .prefix(let storages, let folder):
            .prefix(storages.map {
                SourceIdentity(storage: Catalogue.storageNames[$0], key: Catalogue.folders[folder])
            })
        case .tag(let tag): .tag(Catalogue.tags[tag])
        case .endpoint(let endpoint): .site(Catalogue.sites[endpoint])
        case .all: .all
        case .configuration(let configuration, let storages, let endpoints):
            .configuration(
                ConfigurationChange(
                    document: "\(configuration.number)", revokedStorages: storages.map { Catalogue.storageNames[$0] },
                    revokedSites: endpoints.map { Catalogue.sites[$0] }))
        case .node(let folder): .node(folder)
        }
    }

    /// Whether the command is about these bytes in this answer.
    func names(_ part: ImagePart, in image: CachedImage) -> Bool {
        switch aim {
        // A URL means all that is made for it. What is made for another and has this one's source as its overlay is reached by
        // the source's name, and by an erase, which names the source whatever URL the operator gives (DESIGN §4, rule 9).
        case .url(let storages, let named, let recipe):
            // The absence of an image is the absence in the first place that was looked into.
            named == image.main.image && image.recipe == recipe && storages.contains(image.main.storage)
        case .source(let storages, let named): named == part.image && !part.places.isDisjoint(with: storages)
        case .prefix(let storages, let folder):
            folder == Catalogue.folder(of: part.image) && !part.places.isDisjoint(with: storages)
        case .tag(let tag): part.tags >> tag & 1 == 1
        case .endpoint(let endpoint): image.endpoint == endpoint
        case .all: true
        case .configuration(_, let storages, let endpoints):
            !part.places.isDisjoint(with: storages) || endpoints.contains(image.endpoint)
        case .node: false
        }
    }

    /// Whether the command is about any of it.
    func names(_ image: CachedImage) -> Bool {
        names(image.main, in: image) || image.overlay.map { names($0, in: image) } ?? false
    }

    var isPurge: Bool { kind != .forget && kind != .declareDead && kind != .lift }

    var words: String {
        let what =
            switch aim {
            case .url(_, let image, let recipe): "url r\(recipe)/\(Catalogue.path(of: image))"
            case .source(_, let image): "source \(Catalogue.path(of: image))"
            case .prefix(_, let folder): "prefix \(Catalogue.folders[folder])*"
            case .tag(let tag): "tag \(Catalogue.tags[tag])"
            case .endpoint(let endpoint): "endpoint \"\(Catalogue.sites[endpoint])\""
            case .all: "all"
            case .configuration(let configuration, let storages, let endpoints):
                "configuration \(configuration.number) (leases \(configuration.leases), name = r\(configuration.definition)"
                    + ", revoked storages \(storages), endpoints \(endpoints))"
            case .node(let folder): "node of folder \(folder)"
            }
        return "order \(number): \(kind) \(what)"
    }
}

/// Storages by number.
struct Places: Hashable {
    var mask: Int

    init(_ storages: [Int]) { mask = storages.reduce(0) { $0 | 1 << $1 } }

    func isDisjoint(with storages: [Int]) -> Bool { storages.allSatisfy { mask >> $0 & 1 == 0 } }
    func contains(_ storage: Int) -> Bool { mask >> storage & 1 == 1 }
}
