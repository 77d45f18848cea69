internal import Foundation
internal import Glibc
internal import Synchronization

/// The web server that a measured cluster reads its sources from: every path is the same tiny picture, and paths below
/// `tagged/` carry the tag that a purge can name.
final class TinyPictureServer: Sendable {
    static let tag = "many"

    let url: String
    private let listener: CInt
    private let plain: [UInt8]
    private let tagged: [UInt8]

    /// - Throws: when it can't listen.
    init() throws {
        listener = TCPSocket.listen(port: 0)
        guard listener >= 0 else { throw LoadTestError(.cluster, "the server of source images can't listen on 127.0.0.1") }
        url = "http://127.0.0.1:\(TCPSocket.port(of: listener))"
        let picture = VersionedPicture.png(version: 0, seed: 1)
        plain = Self.answer(picture, fields: "")
        tagged = Self.answer(picture, fields: "Surrogate-Key: \(Self.tag)\r\n")
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                var one: CInt = 1
                setsockopt(connection, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
                Thread.detachNewThread { [self] in
                    serve(connection)
                    close(connection)
                }
            }
            close(listener)
        }
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func answer(_ picture: [UInt8], fields: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\(fields)Content-Length: \(picture.count)\r\n\r\n".utf8) + picture
    }

    /// One request after the other; origins send heads only.
    private func serve(_ connection: CInt) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8 << 10)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            pending += buffer[..<count]
            guard pending.suffix(4).elementsEqual([13, 10, 13, 10]) else { continue }
            let isTagged = String(decoding: pending.prefix(60), as: UTF8.self).contains("/tagged/")
            pending.removeAll(keepingCapacity: true)
            let answer = isTagged ? tagged : plain
            guard send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
        }
    }
}
