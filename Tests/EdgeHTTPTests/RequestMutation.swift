/// A way to spoil a right request.
struct RequestMutation: Sendable {
    enum Outcome: Sendable {
        /// No answer but a refusal, and the end of the connection.
        case refused
        /// Perhaps an answer, and the end of the connection: what follows may be a body.
        case ended
        /// As the standard decoder says.
        case judged
    }

    let name: String
    var outcome = Outcome.refused
    let apply: @Sendable (inout RequestDraft, inout SplitMix) -> Void

    static let all = lines + bytes + hosts + names + requestLines + framing + sizes + others

    /// The request that must never be answered where it may be somebody's body.
    static let canary = "GET /canary HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n"

    // MARK: Line ends

    static let lines: [RequestMutation] = ["\n", "\r", "\r\r\n", "\n\r", "\r\n\r", "\r\n\n"].map { end in
        RequestMutation(name: "\(end.debugDescription) for CRLF") { draft, random in
            switch Int.random(in: 0..<4, using: &random) {
            case 0: draft.lineEnd = end
            // Else the head would end, and the fault be the next one's.
            case 1 where !end.hasPrefix("\r\n"): draft.lastEnd = end
            default: draft.spoil(&random) { field, _ in field.end = end }
            }
        }
    } + [
        RequestMutation(name: "a folded line") { draft, random in
            draft.spoil(&random) { field, random in field.value += Array("\r\n\(random.pick([" ", "\t"]))b: c".utf8) }
        },
        RequestMutation(name: "a field line that begins with white space") { draft, random in
            draft.spoil(&random) { field, random in field.name = random.pick([" ", "\t"]) + field.name }
        },
        RequestMutation(name: "a line of white space") { draft, random in
            draft.lastEnd = random.pick([" ", "\t"]) + "\r\n\r\n"
        },
        RequestMutation(name: "too many empty lines before it") { draft, random in
            draft.leading = String(repeating: "\r\n", count: Int.random(in: 3..<6, using: &random))
        },
        RequestMutation(name: "white space before it") { draft, random in
            draft.leading = random.pick([" ", "\t", "\r\n ", "\r", "\n", "\r\n\n"])
        },
    ]

    // MARK: Bytes

    static let bytes: [RequestMutation] = [
        RequestMutation(name: "a control character") { draft, random in
            let controls = (UInt8(0)..<0x20).filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D } + [0x7F]
            draft.insert(random.pick([0, random.pick(controls)]), &random)
        },
        RequestMutation(name: "a lone CR or LF") { draft, random in
            draft.insert(random.pick([0x0A, 0x0D]), &random)
        },
        RequestMutation(name: "a byte beyond ASCII in the target") { draft, random in
            let place = Int.random(in: 0...draft.target.count, using: &random)
            draft.target.insert(UInt8.random(in: 0x80...0xFF, using: &random), at: place)
        },
        RequestMutation(name: "a character beyond ASCII in a name") { draft, random in
            draft.spoil(&random) { field, random in field.name += random.pick(["\u{fc}", "\u{212a}", "\u{a0}"]) }
        },
        RequestMutation(name: "other bytes here and there", outcome: .judged) { draft, random in
            let noise = Array("\r\n\t :/?#%\u{0}\u{7f}\u{e9}GETHh019,;\"".utf8)
            for _ in 0..<Int.random(in: 1..<4, using: &random) { draft.insert(random.pick(noise), &random) }
        },
    ]

    // MARK: Hosts

    private static let badHosts = [
        "a b", "a/b", "u@a", "a\tb", "a\"b", "a?b", "a#b", "<a>", "a\\b", "\u{fc}.de", "a^b", "{a}", "a|b", "`a",
        "http://a", "a, b",
    ]
    static let hosts: [RequestMutation] = [
        RequestMutation(name: "two hosts") { draft, random in
            draft.otherMethod(&random)
            let place = Int.random(in: 0...draft.fields.count, using: &random)
            let host = RequestDraft.Field(random.pick(["Host", "host", "HOST"]), random.pick(RequestGenerator.hosts))
            draft.fields.insert(host, at: place)
        },
        RequestMutation(name: "no host") { draft, random in
            draft.otherMethod(&random)
            draft.remove("host")
        },
        RequestMutation(name: "no host beside an absolute-form") { draft, _ in
            draft.target = Array("http://a/b".utf8)
            draft.remove("host")
        },
        RequestMutation(name: "a host that is none") { draft, random in
            draft.otherMethod(&random)
            draft.remove("host")
            draft.fields.append(.init("Host", random.pick(badHosts)))
        },
    ]

    // MARK: Names

    static let names: [RequestMutation] = [
        RequestMutation(name: "white space before the colon") { draft, random in
            draft.spoil(&random) { field, random in field.beforeColon = random.pick([" ", "\t"]) }
        },
        RequestMutation(name: "an empty name") { draft, random in
            draft.spoil(&random) { field, _ in field.name = "" }
        },
        RequestMutation(name: "no colon") { draft, _ in
            draft.fields.append(.init("nothing", ""))
            draft.fields[draft.fields.count - 1].colon = ""
        },
        RequestMutation(name: "a name that is no token") { draft, random in
            draft.spoil(&random) { field, random in field.name += random.pick("()<>@,;\\\"/[]?={}".map(String.init)) }
        },
    ]

    // MARK: Request lines

    static let requestLines: [RequestMutation] = [
        RequestMutation(name: "white space in the request line") { draft, random in
            let gap = random.pick(["  ", "\t", " \t", "", "\u{b}"])
            if random.isOne(in: 2) { draft.firstGap = gap } else { draft.secondGap = gap }
        },
        RequestMutation(name: "white space at the request line's end") { draft, random in
            draft.lineEnd = random.pick([" ", "\t"]) + "\r\n"
        },
        RequestMutation(name: "a fragment") { draft, random in
            draft.target += Array(random.pick(["#", "#a", "#/?"]).utf8)
        },
        RequestMutation(name: "a target of another form") { draft, random in
            draft.target = Array(random.pick([
                "*", "a.example:80", "a.jpg", "?a", "", "http:///a", "http://", "http:/a", "http://u@a/b", "http://a@/",
                "http://a/b#c", "ftp://a/b", "http://a b/", "http://a\\b/", "http//a",
            ]).utf8)
        },
        RequestMutation(name: "no version") { draft, _ in (draft.secondGap, draft.version) = ("", "") },
        RequestMutation(name: "a version that is not spoken") { draft, random in
            draft.version = random.pick([
                "HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0", "HTTP/1.10", "http/1.1", "HTTP/1,1", "HTTP/01.1",
                "HTTP/1.", "HTTP/1", "HTTP/", "HTTP", "ICE/1.0", "RTSP/1.0", "HTTPS/1.1", "HTTP/1.1/", "HTTP /1.1",
                "HTTP/-1.1", "X",
            ])
        },
        RequestMutation(name: "a method that is none") { draft, random in
            draft.method = Array(random.pick([
                "get", "Get", "GETT", "GE", "BREW", "G\"T", "GET:", "", "HEAD/", "\u{c9}T", "PRI",
                String(repeating: "G", count: 33),
            ]).utf8)
        },
        RequestMutation(name: "the preface of HTTP/2") { draft, _ in
            draft = RequestDraft(method: Array("PRI".utf8), target: Array("*".utf8), version: "HTTP/2.0", fields: [])
            draft.body = "SM\r\n\r\n"
        },
        RequestMutation(name: "another method", outcome: .judged) { draft, random in
            draft.method = Array(random.pick([
                "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PURGE", "M-SEARCH", "QUERY",
            ]).utf8)
            guard random.isOne(in: 3) else { return }
            draft.target = Array(random.pick(["*", "http://a/b", "http://u@a/b", "a:80", "/#"]).utf8)
        },
        RequestMutation(name: "a tunnel", outcome: .ended) { draft, random in
            draft.method = Array("CONNECT".utf8)
            draft.target = Array(random.pick(["a.example:443", "/", "*", "http://a/"]).utf8)
        },
    ]
}

extension RequestDraft {
    fileprivate mutating func spoil(_ random: inout SplitMix, _ change: (inout Field, inout SplitMix) -> Void) {
        guard !fields.isEmpty else { return }
        change(&fields[Int.random(in: fields.indices, using: &random)], &random)
    }

    /// Puts a byte somewhere into a line, not into a line end.
    fileprivate mutating func insert(_ byte: UInt8, _ random: inout SplitMix) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: method.insert(byte, at: Int.random(in: 0...method.count, using: &random))
        case 1: target.insert(byte, at: Int.random(in: 0...target.count, using: &random))
        default:
            spoil(&random) { field, random in
                field.value.insert(byte, at: Int.random(in: 0...field.value.count, using: &random))
            }
        }
    }

    /// A host must be right for every method.
    fileprivate mutating func otherMethod(_ random: inout SplitMix) {
        if random.isOne(in: 3) { method = Array(random.pick(["POST", "DELETE", "OPTIONS"]).utf8) }
    }
}
