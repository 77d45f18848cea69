/// A head read the simple way, by splitting: slow, and with no places in it that could be off by one.
struct ReferenceHead {
    static let close = Array("close".utf8)

    /// Without empty lines before it and the one that ends it.
    let lines: [[UInt8]]
    let words: [[UInt8]]
    /// Nil where a line has no name of a field.
    private let fields: [(name: [UInt8], value: [UInt8])?]

    init(_ head: [UInt8]) {
        let all = head.split(separator: 10, omittingEmptySubsequences: false).map { Array($0.dropLast()) }
        lines = Array(all.dropLast(2).drop { $0.isEmpty })
        words = lines[0].split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
        fields = lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
            guard line[..<colon].allSatisfy(Self.tokenBytes.contains) else { return nil }
            let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }.reversed().drop { $0 == 32 || $0 == 9 }
            return (Array(line[..<colon]).lowercased, value.reversed())
        }
    }

    func values(_ name: String) -> [[UInt8]] {
        fields.compactMap { $0 }.filter { $0.name == Array(name.utf8) }.map(\.value)
    }

    func single(_ name: String) -> [UInt8]? {
        values(name).count > 1 ? [] : values(name).first
    }

    var isPlain: Bool {
        guard words[0] == Array("GET".utf8) || words[0] == Array("HEAD".utf8) else { return false }
        guard words[1].first == UInt8(ascii: "/"), !words[1].contains(where: { $0 == UInt8(ascii: "#") || $0 >= 0x80 })
        else { return false }
        guard words[2] == Array("HTTP/1.1".utf8), fields.allSatisfy({ $0 != nil }) else { return false }
        guard values("host").count == 1, values("host")[0].allSatisfy(Self.hostBytes.contains) else { return false }
        let atMostOnce = ["accept", "if-none-match", "if-modified-since"]
        let never = ["expect", "upgrade", "content-length", "transfer-encoding"]
        let connections = [Self.close, Array("keep-alive".utf8)]
        return atMostOnce.allSatisfy { values($0).count <= 1 } && never.allSatisfy { values($0).isEmpty }
            && values("connection").allSatisfy { connections.contains($0.lowercased) }
    }

    private static let alphanumerics =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    private static let tokenBytes = Set((alphanumerics + "!#$%&'*+-.^_`|~").utf8)
    private static let hostBytes = Set((alphanumerics + "-._~:[]%!$&'()*+,;=").utf8)
}

extension [UInt8] {
    var lowercased: [UInt8] { map(\.lowercased) }
}
