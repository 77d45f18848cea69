import CacheProtocol
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Runs `body` with consecutive seeds; with `VIGNETTE_SEED` set, with that one alone. The seed of a failure is named.
func withSeeds(_ count: Int, _ body: (inout SeededGenerator) throws -> Void) {
    let replayed = getenv("VIGNETTE_SEED").flatMap { UInt64(String(cString: $0)) }
    let first = replayed ?? UInt64.random(in: 0 ... .max >> 1)
    for seed in first..<first + UInt64(replayed == nil ? count : 1) {
        var generator = SeededGenerator(seed: seed)
        do { try body(&generator) } catch {
            Issue.record("\(error); replay with VIGNETTE_SEED=\(seed)")
            return
        }
    }
}

struct Mismatch: Error, CustomStringConvertible {
    var description: String
}

func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: @autoclosure () -> String) throws {
    guard found == expected else { throw Mismatch(description: "\(what()): \(found), not \(expected)") }
}

extension SeededGenerator {
    mutating func text() -> String {
        let alphabet = ["a", "b", "/", " ", "%", "é", "図", "🖼", "\0", "e\u{301}"]
        return (0..<Int.random(in: 0...12, using: &self)).map { _ in alphabet.randomElement(using: &self) ?? "" }
            .joined()
    }

    /// Often at the edges, where mistakes are.
    mutating func number() -> UInt64 {
        switch next() % 4 {
        case 0: next() % 3
        case 1: .max - next() % 3
        case 2: 1 << (next() % 64)
        default: next()
        }
    }

    mutating func list<Element>(_ element: (inout Self) -> Element) -> [Element] {
        (0..<Int.random(in: 0...4, using: &self)).map { _ in element(&self) }
    }

    mutating func digest() -> Digest128 { Digest128(high: number(), low: number()) }
    mutating func revision() -> Revision { Revision(rawValue: number()) }
    mutating func flag() -> Bool { next() % 2 == 0 }
    mutating func source() -> SourceIdentity { SourceIdentity(storage: text(), key: text()) }
    mutating func journal() -> JournalID { JournalID(digest()) }

    mutating func scope() -> ObjectScope {
        ObjectScope(sources: list { $0.source() }, url: digest(), tags: list { $0.text() }, site: text())
    }

    mutating func command() -> Command {
        let scope: CommandScope =
            switch next() % 8 {
            case 5: .prefix(list { $0.source() })
            case 6:
                .configuration(
                    ConfigurationChange(
                        document: text(), revokedStorages: list { $0.text() }, revokedSites: list { $0.text() }))
            case 7: .node(number())
            case 0: .url(list { $0.digest() })
            case 1: .source(list { $0.source() })
            case 2: .tag(text())
            case 3: .site(text())
            default: .all
            }
        return Command(kind: CommandKind.allCases.randomElement(using: &self) ?? .lift, scope: scope, sites: list { $0.text() }, label: text())
    }

    mutating func snapshot() -> RuleSnapshot {
        let journal = journal()
        var table = RuleTable(journal: journal)
        for number in 0..<next() % 6 {
            let entry = JournalEntry(
                revision: Revision(rawValue: number + 1), command: command(), issuedAt: 0, issuedBy: "",
                following: table.chain)
            // It follows by its making.
            try? table.apply(entry)
        }
        return RuleSnapshot(journal: journal, table: table)
    }

    mutating func removal() -> RemovalReport {
        RemovalReport(revision: revision(), objects: number(), bytes: number(), at: Int64(bitPattern: number()))
    }

    mutating func report() -> NodeReport {
        NodeReport(
            question: number(), node: node(),
            records: list {
                KeptRecord(
                    cache: $0.text(), tier: $0.text(), key: CacheKey($0.digest()), contentType: $0.text(),
                    bytes: $0.number(), fillRevision: $0.revision())
            }, failure: text())
    }

    mutating func configurationAnswer() -> EdgeConfigurationAnswer {
        EdgeConfigurationAnswer(
            revision: revision(), document: text(),
            signingKeys: list { .init(id: $0.text(), version: $0.number(), value: $0.text()) })
    }

    mutating func entry() -> JournalEntry {
        JournalEntry(
            revision: revision(), command: command(), issuedAt: Int64(bitPattern: number()), issuedBy: text(),
            following: .root(of: journal()))
    }

    mutating func node() -> NodeIdentity {
        NodeIdentity(name: text(), folder: number(), role: flag() ? .edge : .origin)
    }

    mutating func followRequest() -> FollowRequest {
        FollowRequest(
            node: node(), incarnation: Incarnation(rawValue: number()), joins: flag(), leaves: flag(),
            journal: flag() ? journal() : nil, applied: revision(), chain: flag() ? .root(of: journal()) : nil,
            wantsGrant: flag(), removals: list { $0.removal() }, patience: number())
    }

    mutating func followAnswer() -> FollowAnswer {
        switch next() % 3 {
        case 0: .startOver(journal())
        case 1: .superseded
        default:
            .news(
                FollowNews(
                    snapshot: flag() ? snapshot() : nil,
                    erasures: list { Erasure(revision: $0.revision(), sources: $0.list { $0.source() }) },
                    entries: list { $0.entry() }, grant: flag() ? Grant(head: revision(), duration: number()) : nil,
                    questions: list { NodeQuestion(id: $0.number(), sources: $0.list { $0.source() }) }))
        }
    }

    mutating func metadata() -> ObjectMetadata {
        ObjectMetadata(
            status: UInt16(truncatingIfNeeded: number()), contentType: text(), entityTag: text(),
            lastModified: flag() ? Int64(bitPattern: number()) : nil, bornAt: Int64(bitPattern: number()),
            freshness: Freshness(
                maxAge: UInt32(truncatingIfNeeded: number()),
                staleWhileRevalidate: UInt32(truncatingIfNeeded: number()),
                staleIfError: UInt32(truncatingIfNeeded: number())),
            fillRevision: revision(), scope: scope(), variesByAccept: flag(), isPrivate: flag(), errorText: text())
    }

    mutating func fetchRequest() -> FetchRequest {
        FetchRequest(
            host: text(), target: text(), accept: UInt8(truncatingIfNeeded: number()), minRevision: revision(), floor: revision(),
            patience: number(), key: flag() ? CacheKey(digest()) : nil)
    }

    mutating func fetchAnswer() -> FetchAnswer {
        if flag() {
            return .object(
                FetchedObject(
                    metadata: metadata(), age: number(), bodyLength: number(),
                    bodyChecksum: UInt32(truncatingIfNeeded: number()),
                    work: OriginWork.allCases.randomElement(using: &self) ?? .fetched))
        }
        return .failure(
            FetchFailure(
                status: UInt16(truncatingIfNeeded: number()), code: text(), message: text(),
                retryAfter: UInt32(truncatingIfNeeded: number()),
                negative: flag()
                    ? FetchFailure.Negative(
                        lifetime: UInt32(truncatingIfNeeded: number()), fillRevision: revision(), scope: scope()) : nil,
                tryNextOrigin: flag()))
    }
}
