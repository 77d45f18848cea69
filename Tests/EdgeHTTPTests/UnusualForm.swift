/// A way to write a right request that leaves it to the standard path.
struct UnusualForm: Sendable {
    let name: String
    let apply: @Sendable (inout WrittenRequest, inout SplitMix) -> Void

    static let all: [UnusualForm] = [
        UnusualForm(name: "HTTP/1.0, which ends the connection") { request, random in
            request.draft.version = "HTTP/1.0"
            request.draft.remove("connection")
            let options = random.pick(["", "x", "keep-alives", "\u{212a}eep-alive"])
            request.draft.fields.append(.init("Connection", options))
            request.goesOn = false
        },
        UnusualForm(name: "HTTP/1.0 without a host") { request, _ in
            request.draft.version = "HTTP/1.0"
            request.draft.remove("connection")
            request.goesOn = false
            guard !request.isAbsolute else { return }
            request.draft.remove("host")
            request.meaning.host = ""
        },
        UnusualForm(name: "HTTP/1.0 that asks for the connection to go on") { request, random in
            request.draft.version = "HTTP/1.0"
            request.draft.remove("connection")
            let options = random.pick(["keep-alive", "Keep-Alive", "x ,\tkeep-alive "])
            request.draft.fields.append(.init("Connection", options))
            request.goesOn = true
        },
        UnusualForm(name: "absolute-form, whose host counts") { request, random in
            guard !request.isAbsolute else { return }
            request.meaning.host = random.pick(["other.example", "other.example:8080", "OTHER", "[::1]"])
            let scheme = random.pick(["http://", "HTTP://", "https://"])
            request.draft.target = Array("\(scheme)\(request.meaning.host)\(request.meaning.target)".utf8)
        },
        UnusualForm(name: "absolute-form without a path") { request, random in
            guard !request.isAbsolute else { return }
            request.meaning.host = "other.example"
            let query = random.pick(["", "?", "?a=b"])
            request.meaning.target = "/" + query
            request.draft.target = Array("http://other.example\(query)".utf8)
        },
        UnusualForm(name: "two Accept fields") { request, _ in
            guard let index = request.draft.fields.firstIndex(where: { $0.isNamed("accept") }) else { return }
            request.draft.fields.insert(.init("Accept", "image/gif"), at: index)
            request.meaning.accept = list("image/gif", request.meaning.accept)
        },
        UnusualForm(name: "two If-None-Match fields") { request, _ in
            guard let index = request.draft.fields.firstIndex(where: { $0.isNamed("if-none-match") }) else { return }
            request.draft.fields.insert(.init("if-none-match", "\"z\""), at: index)
            request.meaning.ifNoneMatch = list("\"z\"", request.meaning.ifNoneMatch)
        },
        UnusualForm(name: "two dates, which mean nothing") { request, random in
            guard request.meaning.ifModifiedSince != nil else { return }
            request.draft.fields.append(.init("If-Modified-Since", random.pick(RequestGenerator.dates)))
            request.meaning.ifModifiedSince = nil
        },
        UnusualForm(name: "an expectation that any answer meets") { request, random in
            guard !request.draft.fields.contains(where: { $0.isNamed("expect") }) else { return }
            request.draft.fields.append(.init("Expect", random.pick(["100-continue", "100-Continue"])))
        },
        UnusualForm(name: "an upgrade that is not taken up") { request, random in
            request.draft.fields.append(.init("Upgrade", random.pick(["h2c", "websocket", "TLS/1.3"])))
            guard random.isOne(in: 2) else { return }
            request.draft.fields.append(.init("Connection", "Upgrade, HTTP2-Settings"))
            request.draft.fields.append(.init("HTTP2-Settings", "AAMAAABk"))
        },
        UnusualForm(name: "a Connection list") { request, random in
            let options = request.draft.version == "HTTP/1.1" ? "keep-alive, x" : "x"
            request.draft.fields.append(.init("Connection", random.pick([options, "", ",, ,", "TE", "closed"])))
        },
        UnusualForm(name: "a Connection list that ends it") { request, random in
            let options = random.pick(["keep-alive, close", "close ,x", ",CLOSE", "x,\tclose"])
            request.draft.fields.append(.init("Connection", options))
            request.goesOn = false
        },
        UnusualForm(name: "a body without bytes") { request, random in
            guard !request.draft.fields.contains(where: { $0.isNamed("content-length") }) else { return }
            request.draft.fields.append(.init("Content-Length", random.pick(["0", "00"])))
        },
    ]
}

extension WrittenRequest {
    fileprivate var isAbsolute: Bool { draft.target.first != UInt8(ascii: "/") }
}

/// A list of two, without white space at its end.
private func list(_ first: String, _ rest: String?) -> String {
    rest.map { $0.isEmpty ? "\(first)," : "\(first), \($0)" } ?? first
}
