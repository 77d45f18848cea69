import CacheProtocol
import EdgeHTTP
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import TestPrograms
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TLSTests {
    /// What one connection by openssl's client came to: what it says of it, and what it was answered.
    private func ask(_ port: Int, _ request: String, _ options: String...) async throws -> String {
        // It goes when the server ends the connection.
        let words = ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof"] + options
        return try await Program.run(words, input: Array(request.utf8)).output
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func aPlainHit(version: String) async throws {
        let certificates = try await Certificates("one")
        try await TestServer.run(certificates.configuration("one")) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let said = try await ask(port, get("/a.jpg", last: true), version, "-alpn", "http/1.1")
            #expect(said.contains("ALPN protocol: http/1.1"))
            #expect(said.contains("HTTP/1.1 200 OK\r\n"))
            #expect(said.contains("Content-Length: 6\r\n"))
            #expect(said.contains("\r\n\r\npixels"))
            #expect(server.metric("vignette_tls_handshakes_total") == "1")
            // Both listeners are one server.
            #expect(try await server.exchange(get("/a.jpg", last: true)).hasSuffix("\n\npixels"))
        }
    }

    @Test func olderVersionsAreRefused() async throws {
        let certificates = try await Certificates("one")
        try await TestServer.run(certificates.configuration("one")) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let said = try await ask(port, get("/a.jpg", last: true), "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
            #expect(!said.contains("pixels"))
            #expect(said.contains("alert protocol version"))
            #expect(server.metric("vignette_tls_handshakes_failed_total") == "1")
            #expect(server.metric("vignette_http_connections") == "0")
        }
    }

    @Test func withoutALPNItSpeaksHTTP1() async throws {
        let certificates = try await Certificates("one")
        try await TestServer.run(certificates.configuration("one")) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let said = try await ask(port, get("/a.jpg", last: true))
            #expect(said.contains("No ALPN negotiated"))
            #expect(said.contains("pixels"))
        }
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func aSessionIsTakenUpAgain(version: String) async throws {
        let certificates = try await Certificates("one")
        try await TestServer.run(certificates.configuration("one")) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let ticket = certificates.folder + "/ticket"
            #expect(try await ask(port, get("/a.jpg", last: true), version, "-sess_out", ticket).contains("New, TLSv1"))
            let again = try await ask(port, get("/a.jpg", last: true), version, "-sess_in", ticket)
            #expect(again.contains("Reused, TLSv1"))
            #expect(again.contains("pixels"))
        }
    }

    /// Encrypted, a long body leaves in pieces, from memory or from a file.
    @Test(arguments: [false, true]) func aLongBody(fromFile: Bool) async throws {
        let certificates = try await Certificates("one")
        let bytes = BodyTests.megabyte
        let pin = try BodyTests.Pin(bytes)
        try await TestServer.run(certificates.configuration("one")) { _ in
            let file = AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: bytes.count, pin: pin)
            return .now(.object(photo(), fromFile ? file : .bytes(ByteBuffer(bytes: bytes)), .hit))
        } _: { server in
            let client = try await RawClient(port: try #require(server.address.tlsPort), encrypts: true)
            for _ in 0..<3 {
                try await client.send(get("/a.jpg"))
                #expect(await client.receive(through: "\r\n\r\n").contains("Content-Length: \(bytes.count)\n"))
                #expect(await client.receive(count: bytes.count) == bytes)
            }
            try await client.send(get("/a.jpg", "Range: bytes=400000-799999", last: true))
            #expect(await client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 206 "))
            #expect(await client.restBytes() == Array(bytes[400_000..<800_000]))
            #expect(server.metric("vignette_http_body_bytes_total") == "\(3 * bytes.count + 400_000)")
        }
    }

    @Test func aChangedCertificateIsShownToNewConnections() async throws {
        let certificates = try await Certificates("old", "new")
        try await TestServer.run(certificates.configuration("old")) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let open = try await RawClient(port: port, encrypts: true)
            try await open.send(get("/a.jpg"))
            #expect(await open.receive(through: "pixels").contains("200 OK"))
            server.server.reloadCertificate()
            #expect(try await ask(port, get("/a.jpg", last: true)).contains("CN = old"))

            try certificates.replace("old", by: "new")
            server.server.reloadCertificate()
            #expect(try await ask(port, get("/a.jpg", last: true)).contains("CN = new"))
            try await open.send(get("/a.jpg", last: true))
            #expect(await open.rest().contains("pixels"))
        }
    }

    @Test func oneThatCantBeUsedIsNotShown() async throws {
        let certificates = try await Certificates("good", "other")
        try await TestServer.run(certificates.configuration("good")) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let good = try Data(contentsOf: URL(fileURLWithPath: certificates.certificate("good")))
            for bad in [try Data(contentsOf: URL(fileURLWithPath: certificates.certificate("other"))), Data("no".utf8), Data()] {
                try bad.write(to: URL(fileURLWithPath: certificates.certificate("good")), options: .atomic)
                server.server.reloadCertificate()
                server.server.reloadCertificate()
                #expect(try await ask(port, get("/a.jpg", last: true)).contains("CN = good"))
            }
            #expect(server.metric("vignette_tls_certificate_reloads_failed_total") == "6")
            try good.write(to: URL(fileURLWithPath: certificates.certificate("good")), options: .atomic)
            server.server.reloadCertificate()
            #expect(try await ask(port, get("/a.jpg", last: true)).contains("CN = good"))
            let expiry = try #require(server.metric("vignette_tls_certificate_not_after_seconds").flatMap(Double.init))
            #expect((Date().timeIntervalSince1970 + 86_400...Date().timeIntervalSince1970 + 3 * 86_400).contains(expiry))
        }
    }

    @Test func itDoesNotStartWithWhatItCantUse() async throws {
        let certificates = try await Certificates("one", "two")
        func mistake(_ configuration: EdgeHTTPConfiguration) async -> String {
            do {
                try await TestServer.run(configuration) { _ in hit("pixels") } _: { _ in }
                return ""
            } catch {
                return "\(error)"
            }
        }
        let mixed = await mistake(certificates.configuration("one", key: "two"))
        #expect(mixed.contains("the key in \(certificates.key("two")) (listen.tls.key) is not that of the certificate"))
        let absent = await mistake(certificates.configuration("three"))
        #expect(absent.contains("listen.tls.certificate names \(certificates.certificate("three")), which can't be read"))
    }

    /// Else they would take up the connections that there may be.
    @Test func whoDoesNotShakeHandsIsSentAway() async throws {
        let certificates = try await Certificates("one")
        var configuration = certificates.configuration("one", EdgeHTTPConfiguration(nodeName: "edge-1"))
        configuration.headSeconds = 1
        try await TestServer.run(configuration) { _ in hit("pixels") } _: { server in
            let silent = try await RawClient(port: try #require(server.address.tlsPort))
            _ = await silent.restBytes()
            let stammering = try await RawClient(port: try #require(server.address.tlsPort))
            try await stammering.send([0x16, 0x03, 0x01])
            _ = await stammering.restBytes()
            #expect(server.metric("vignette_tls_handshakes_failed_total") == "2")
            #expect(server.metric("vignette_http_connections") == "0")
        }
    }

    @Test func moreThanThereMayBeAreClosed() async throws {
        let certificates = try await Certificates("one")
        var configuration = certificates.configuration("one")
        configuration.maximumConnections = 1
        try await TestServer.run(configuration) { _ in hit("pixels") } _: { server in
            let port = try #require(server.address.tlsPort)
            let first = try await RawClient(port: port, encrypts: true)
            try await first.send(get("/a.jpg"))
            #expect(await first.receive(through: "pixels").contains("200 OK"))
            let second = try await RawClient(port: port)
            #expect(await second.restBytes().isEmpty)
            try await first.send(get("/a.jpg", last: true))
            #expect(await first.rest().contains("pixels"))
            #expect(server.metric("vignette_http_connections_refused_total") == "1")
        }
    }

    /// TLS would say goodbye and wait for an answer.
    @Test(arguments: [false, true]) func anEraseCutsOffAtOnce(fromFile: Bool) async throws {
        let certificates = try await Certificates("one")
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 24_000_000)
        let letGo = Signal()
        let pin = Watched<BodyTests.Pin?>(try BodyTests.Pin(bytes, letGo: letGo))
        try await TestServer.run(certificates.configuration("one")) { request in
            guard request.target == "/a.jpg", let pin = pin.value else { return hit("pixels") }
            let file = AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: bytes.count, pin: pin)
            return .now(.object(photo(), fromFile ? file : .bytes(ByteBuffer(bytes: bytes)), .hit))
        } _: { server in
            let client = try await RawClient(port: try #require(server.address.tlsPort), encrypts: true)
            // The handshake needs to be read.
            try await client.send(get("/small"))
            #expect(await client.receive(through: "pixels").contains("200 OK"))
            try await client.stopReading()
            try await client.send(get("/a.jpg", last: true))
            #expect(await client.receiveSlowly(through: "\r\n\r\n").contains("Content-Length: \(bytes.count)\n"))
            pin.change { $0 = nil }
            await server.server.abort { _ in true }
            if fromFile { #expect(letGo.isSet, "the pin is let go when abort returns") }
            try? await client.readOn()
            #expect(await client.restBytes().count < bytes.count)
            #expect(server.metric("vignette_http_answers_erased_total") == "1")
            #expect(server.metric("vignette_http_connections") == "0")
        }
    }

    /// The client has its answer in one turn with the end of what it sends.
    @Test func aRequestAndAGoodbyeAtOnce() async throws {
        let certificates = try await Certificates("one")
        try await TestServer.run(certificates.configuration("one")) { _ in hit("pixels") } _: { server in
            for _ in 0..<50 {
                let client = try await RawClient(port: try #require(server.address.tlsPort), encrypts: true)
                client.sendLast(get("/a.jpg"))
                #expect(await client.rest().contains("pixels"))
            }
        }
    }
}
