/// A request as it is about to be written, in parts that can be spoilt one by one.
struct RequestDraft {
    struct Field {
        var name: String
        var beforeColon = ""
        var colon = ":"
        var blank = " "
        var value: [UInt8]
        var after = ""
        var end = "\r\n"

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = Array(value.utf8)
        }

        func isNamed(_ wanted: String) -> Bool { name.lowercased() == wanted }
    }

    var leading = ""
    var method: [UInt8]
    var firstGap = " "
    var target: [UInt8]
    var secondGap = " "
    var version = "HTTP/1.1"
    var lineEnd = "\r\n"
    var fields: [Field]
    var lastEnd = "\r\n"
    var body = ""

    var bytes: [UInt8] {
        var bytes = Array(leading.utf8) + method + Array(firstGap.utf8) + target
        bytes += Array((secondGap + version + lineEnd).utf8)
        for field in fields {
            bytes += Array((field.name + field.beforeColon + field.colon + field.blank).utf8) + field.value
            bytes += Array((field.after + field.end).utf8)
        }
        return bytes + Array((lastEnd + body).utf8)
    }

    mutating func remove(_ name: String) { fields.removeAll { $0.isNamed(name) } }
}

/// A request with what it means, by the one who wrote it.
struct WrittenRequest {
    var draft: RequestDraft
    var meaning: RequestMeaning
    /// Whether the connection goes on after its answer.
    var goesOn: Bool
    /// Whether it takes the plain path.
    var isPlain: Bool
}

extension SplitMix {
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }

    mutating func isOne(in count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }
}
