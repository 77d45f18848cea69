internal import Foundation
internal import Glibc

/// One answer, every byte of it, on a connection of its own.
struct WholeAnswer {
    struct Field: Equatable {
        /// As it was sent.
        var name: String
        var value: String
    }

    var status: Int
    var fields: [Field]
    var body: [UInt8]

    init(_ target: String, of endpoint: Endpoint) throws {
        let descriptor = TCPSocket.connect(host: endpoint.address, port: endpoint.port, seconds: 60)
        guard descriptor >= 0 else { throw LoadTestError(.noAnswer, "nobody listens at \(endpoint.url)") }
        defer { close(descriptor) }
        let request = Array("GET \(target) HTTP/1.1\r\nHost: \(endpoint.authority)\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw LoadTestError(.noAnswer, "\(endpoint.url) took no request for \(target)")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else {
                throw LoadTestError(.noAnswer, "\(endpoint.url) broke off its answer to \(target)")
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard let answer = WholeAnswer(bytes) else {
            throw LoadTestError(.noAnswer, "\(endpoint.url) gave no whole answer to \(target)")
        }
        self = answer
    }

    /// The same over TLS, by curl.
    /// - Parameter url: of the server, without a path.
    init(_ target: String, of url: String, _ proto: HitProtocol, folder: String, stop: RunStop) throws {
        let file = "\(folder)/answer-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let version = proto == .http2 ? "--http2" : "--http1.1"
        let end = try ChildProcess.run(
            // The certificate is the run's own.
            ["curl", "-sS", "--insecure", "--noproxy", "*", version, "--include", "--output", file, url + target],
            folder: folder, stop: stop)
        let bytes = Array((try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data())
        guard end.status == 0, let answer = WholeAnswer(bytes) else {
            throw LoadTestError(.noAnswer, "\(url) gave no whole answer to \(target): \(end.output)")
        }
        guard bytes.starts(with: (proto == .http2 ? "HTTP/2 " : "HTTP/1.1 ").utf8) else {
            throw LoadTestError(.noAnswer, "\(url) does not answer by \(proto.title)")
        }
        self = answer
    }

    /// Nil for what is no answer with a Content-Length and a body of that length.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        self.status = status
        fields = lines.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }
            return Field(
                name: String(name), value: line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces))
        }
        body = Array(bytes[end.upperBound...])
        guard value(of: "content-length") == String(body.count) else { return nil }
    }

    func value(of name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }

    /// What the servers say for themselves, or what tells the time.
    private static let ownFields: Set<String> = ["server", "date", "age", "connection"]

    /// What two servers' answers to one request differ in; nil when in nothing that matters.
    ///
    /// `Cache-Status` says how long the copy stays fresh, which passes between two answers: those seconds may
    /// differ.
    func difference(from other: WholeAnswer) -> String? {
        if status != other.status { return "the status is \(status) and \(other.status)" }
        if body != other.body { return "the bodies of \(body.count) and \(other.body.count) bytes differ" }
        let (ours, theirs) = (comparable, other.comparable)
        for field in ours where !theirs.contains(field) { return "only one has \(field.name): \(field.value)" }
        for field in theirs where !ours.contains(field) { return "only one has \(field.name): \(field.value)" }
        return nil
    }

    private var comparable: [Field] {
        fields.filter { !Self.ownFields.contains($0.name.lowercased()) }.map { field in
            let name = field.name.lowercased()
            guard name == "cache-status" else { return Field(name: name, value: field.value) }
            return Field(name: name, value: field.value.replacing(/ttl=-?[0-9]+/, with: "ttl=N"))
        }
    }
}
