import CacheProtocol

/// The body of `POST /vignette/v1/commands` (docs/api.md): one command, one kind with many scopes, or many commands.
struct CommandRequest: Decodable {
    struct Order: Decodable {
        var kind: String
        var scope: ScopeJSON
    }

    var kind: String?
    var scope: ScopeJSON?
    var scopes: [ScopeJSON]?
    var commands: [Order]?
    var by: String?

    /// Commands in one request; all are taken in one synced write, or none.
    static let most = 500

    /// Whether the answer is a list.
    var isBulk: Bool { scope == nil }

    /// What is ordered, in the order it was written in.
    func orders() throws(CommandRefusal) -> [(kind: CommandKind, subject: CommandSubject)] {
        var orders: [(CommandKind, CommandSubject)] = []
        switch (kind, scope, scopes, commands) {
        case (let kind?, let scope?, nil, nil):
            orders.append((try Self.kind(kind), try scope.subject()))
        case (let kind?, nil, let scopes?, nil):
            let kind = try Self.kind(kind)
            for (index, scope) in scopes.enumerated() {
                orders.append((kind, try Self.located(index) { () throws(CommandRefusal) in try scope.subject() }))
            }
        case (nil, nil, nil, let commands?):
            for (index, order) in commands.enumerated() {
                orders.append(
                    try Self.located(index) { () throws(CommandRefusal) in
                        (try Self.kind(order.kind), try order.scope.subject())
                    })
            }
        default:
            throw CommandRefusal(
                "A request holds a kind with a scope, a kind with scopes, or commands that hold a kind and a scope each.")
        }
        guard (1...Self.most).contains(orders.count) else {
            throw CommandRefusal("A request holds 1 to \(Self.most) commands, not \(orders.count).")
        }
        return orders
    }

    /// Who ordered it, kept for good and shown to people.
    func author() throws(CommandRefusal) -> String { try Self.author(by) }

    static func author(_ by: String?) throws(CommandRefusal) -> String {
        guard let by else { return "api" }
        guard (1...200).contains(by.utf8.count), !by.hasControlCharacters else {
            throw CommandRefusal("by holds 1 to 200 bytes without control characters.")
        }
        return by
    }

    private static func kind(_ word: String) throws(CommandRefusal) -> CommandKind {
        let kinds: [String: CommandKind] = ["purge": .hardPurge, "soft-purge": .softPurge, "erase": .erase, "lift": .lift]
        guard let kind = kinds[word] else {
            throw CommandRefusal("kind is \"\(word.prefix(100))\"; it is purge, soft-purge, erase or lift.")
        }
        return kind
    }

    /// Says of which of many commands a refusal is.
    static func located<Value>(_ index: Int, _ body: () throws(CommandRefusal) -> Value) throws(CommandRefusal) -> Value {
        do throws(CommandRefusal) {
            return try body()
        } catch {
            throw CommandRefusal("Number \(index + 1) of the commands, and so none of them, was taken: \(error)")
        }
    }
}

/// What a command is about, in the operator's words. One field stands.
struct ScopeJSON: Codable {
    var url: String?
    var source: String?
    var prefix: String?
    var tag: String?
    var site: String?
    var all: Bool?
    /// Answers only: the name of a node.
    var node: String?
    /// Answers only: true.
    var configuration: Bool?

    init(_ command: Command) {
        switch command.scope {
        case .url: url = command.label
        case .source: source = command.label
        case .prefix: prefix = command.label
        case .tag: tag = command.label
        case .site: site = command.label
        case .all: all = true
        case .node: node = command.label
        case .configuration: configuration = true
        }
    }

    func subject() throws(CommandRefusal) -> CommandSubject {
        let named: [CommandSubject?] = [
            url.map { .url($0) }, source.map { .source($0) }, prefix.map { .prefix($0) }, tag.map { .tag($0) },
            site.map { .site($0) }, all == true ? .all : nil,
        ]
        let subjects = named.compactMap(\.self)
        guard subjects.count == 1, let subject = subjects.first, all != false else {
            throw CommandRefusal("scope holds one of url, source, prefix, tag, site and all, and all is true where it stands.")
        }
        return subject
    }
}
