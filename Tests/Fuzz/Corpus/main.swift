import Foundation

/// Writes what the fuzzing of heads begins with: right and spoilt requests, a file each, and the words that they are
/// made of.
let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    print("usage: corpus-builder FOLDER DICTIONARY")
    exit(2)
}
let folder = URL(filePath: arguments[1])
var generator = RequestGenerator(random: seededGenerator("corpus"))
for number in 0..<1_200 {
    var bytes: [UInt8] = [.random(in: 0...255, using: &generator.random), .random(in: 0...3, using: &generator.random)]
    for _ in 0..<Int.random(in: 1..<3, using: &generator.random) {
        var draft = generator.random.isOne(in: 2) ? generator.plain().draft : generator.unusual().draft
        if number.isMultiple(of: 2) { generator.random.pick(RequestMutation.all).apply(&draft, &generator.random) }
        bytes += draft.bytes
    }
    try Data(bytes).write(to: folder.appending(path: "request-\(number)"))
}
let words = [
    "GET ", "HEAD ", " HTTP/1.1", " HTTP/1.0", "\r\n", "\r\n\r\n", "\r\n ", ": ", "Host: a\r\n", "Accept",
    "If-None-Match", "If-Modified-Since", "Range", "If-Range", "Authorization", "Connection", "close",
    "keep-alive", "Expect", "Upgrade", "Content-Length", "Transfer-Encoding", "chunked", "http://a/",
]
let lines = words.map { word in
    "\"" + word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\"\n"
}
try Data(lines.joined().utf8).write(to: URL(filePath: arguments[2]))
