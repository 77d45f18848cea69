extension RequestMutation {
    /// What says where a message ends, and how long it may be.
    static let framing: [RequestMutation] = [
        RequestMutation(name: "a length and a coding") { draft, random in
            let pair = [("Content-Length", random.pick(["0", "5"])), ("Transfer-Encoding", "chunked")]
            draft.add(pair.shuffled(using: &random), &random)
        },
        RequestMutation(name: "two lengths") { draft, random in
            draft.add([("Content-Length", "5"), ("Content-Length", random.pick(["5", "6", "0"]))], &random)
        },
        RequestMutation(name: "a length that is none") { draft, random in
            let lengths = [
                "-5", "+5", "5, 5", "0, 5", "0x5", "5 5", "", "5;", "5.0", "99999999999999999999", "\u{b2}", "-0",
                "five",
            ]
            draft.add([("Content-Length", random.pick(lengths))], &random)
        },
        RequestMutation(name: "a length of a body", outcome: .ended) { draft, random in
            draft.method = Array(random.pick(["GET", "HEAD", "POST", "OPTIONS"]).utf8)
            draft.body = random.pick(["", "hello", canary])
            draft.add([("Content-Length", String(max(1, draft.body.utf8.count)))], &random)
        },
        RequestMutation(name: "a coding of a body", outcome: .ended) { draft, random in
            draft.method = Array(random.pick(["GET", "HEAD", "POST", "OPTIONS"]).utf8)
            let codings = [
                "chunked", "Chunked", "identity", "xchunked", "chunked, identity", "gzip, chunked", "chunked, chunked",
                "", "\"chunked\"", "chunked;a=b", ", chunked", "x",
            ]
            draft.add([("Transfer-Encoding", random.pick(codings))], &random)
            let chunk = "\(String(canary.utf8.count, radix: 16))\r\n\(canary)"
            draft.body = random.pick(["", "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", chunk])
        },
        RequestMutation(name: "two codings", outcome: .ended) { draft, random in
            let pairs = [["chunked", "identity"], ["identity", "chunked"], ["chunked", "chunked"], ["x", "chunked"]]
            draft.add(random.pick(pairs).map { ("Transfer-Encoding", $0) }, &random)
            draft.body = random.pick(["", "0\r\n\r\n"])
        },
        RequestMutation(name: "a body by HTTP/1.0", outcome: .ended) { draft, random in
            draft.version = "HTTP/1.0"
            draft.remove("connection")
            let framing = random.pick([("Transfer-Encoding", "chunked"), ("Content-Length", "5")])
            draft.add([("Connection", "keep-alive"), framing], &random)
        },
        RequestMutation(name: "an upgrade with a body", outcome: .ended) { draft, random in
            let length = String(canary.utf8.count)
            draft.add([("Upgrade", "h2c"), ("Connection", "Upgrade"), ("Content-Length", length)], &random)
            draft.body = canary
        },
    ]

    static let sizes: [RequestMutation] = [
        RequestMutation(name: "a target that is too long") { draft, random in
            let missing = 8193 - draft.target.count + Int.random(in: 0..<3, using: &random)
            if missing > 0 { draft.target += [UInt8](repeating: UInt8(ascii: "a"), count: missing) }
        },
        RequestMutation(name: "a field that is too long") { draft, random in
            let value = String(repeating: "a", count: 32 * 1024 - Int.random(in: 0..<20, using: &random))
            draft.add([("X-Long", value)], &random)
        },
        RequestMutation(name: "a head that is one byte too long") { draft, _ in
            let room = 32 * 1024 - draft.bytes.count - "X-Long: \r\n".utf8.count
            draft.fields.append(.init("X-Long", String(repeating: "a", count: room + 1)))
        },
        RequestMutation(name: "too many fields") { draft, random in
            while draft.fields.count <= 100 { draft.add([("A", "b")], &random) }
        },
    ]

    static let others: [RequestMutation] = [
        RequestMutation(name: "an expectation that is not met") { draft, random in
            draft.remove("expect")
            draft.add([("Expect", random.pick(["a miracle", "", "100-continue, x", "200-ok"]))], &random)
        },
        RequestMutation(name: "several faults", outcome: .judged) { draft, random in
            for _ in 0..<Int.random(in: 2..<4, using: &random) {
                random.pick(single).apply(&draft, &random)
            }
        },
    ]

    private static let single = [framing, requestLines, hosts, names].flatMap(\.self)
}

extension RequestDraft {
    /// Anywhere among the other fields, in this order.
    fileprivate mutating func add(_ added: [(String, String)], _ random: inout SplitMix) {
        var place = Int.random(in: 0...fields.count, using: &random)
        for (name, value) in added {
            fields.insert(Field(name, value), at: place)
            place = Int.random(in: place + 1...fields.count, using: &random)
        }
    }
}
