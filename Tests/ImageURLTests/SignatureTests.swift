import Crypto
import ImageURL
import Testing

@Suite struct SignatureTests {
    private let key = "dummy-key"
    private let parser = ImageURLParser(endpoint: demo)

    /// Verified the way a server does: parse first, then check; a target that does not parse is not valid.
    private func verdict(
        _ target: [UInt8], endpoint: Endpoint = demo, keys: [String]? = nil, now: Int64 = 1_800_000_000
    ) -> SignatureVerdict {
        guard let request = try? ImageURLParser(endpoint: endpoint).parse(target: target.span) else { return .invalid }
        let verifier = SignatureVerifier(endpoint: endpoint, keys: keys ?? [key])
        return verifier.verify(request.signature, target: target.span, now: now)
    }

    private func verdict(
        _ target: String, endpoint: Endpoint = demo, keys: [String]? = nil, now: Int64 = 1_800_000_000
    ) -> SignatureVerdict {
        verdict(Array(target.utf8), endpoint: endpoint, keys: keys, now: now)
    }

    /// Signs as the SDKs do (reference §1.6): URL after the endpoint + expiry.
    private func sign(_ text: String, expiry: String = "9999999999") -> String {
        let key = SymmetricKey(data: Array(key.utf8))
        return HMAC<Insecure.SHA1>.authenticationCode(for: Array((text + expiry).utf8), using: key)
            .map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    @Test func `A signature holds for its URL, its key and its time`() {
        let digest = sign("a.jpg?v=1", expiry: "1800000000")
        let target = "/demo/a.jpg?v=1&ik-t=1800000000&ik-s=\(digest)"
        #expect(verdict(target) == .valid(notAfter: 1_800_000_000))
        #expect(verdict("/demo/a.jpg?v=1&ik-s=\(digest)&ik-t=1800000000") == .valid(notAfter: 1_800_000_000))
        #expect(verdict(target, now: 1_800_000_001) == .expired)
        #expect(verdict(target, keys: ["other"]) == .invalid)
        #expect(verdict(target, keys: ["new", key]) == .valid(notAfter: 1_800_000_000))
        #expect(verdict(target, keys: []) == .invalid)
        #expect(verdict("/demo/a.jpg?v=1") == .none)
    }

    @Test func `Under a named endpoint both ways to sign are right`() {
        let shop = Endpoint(account: "demo", id: "shop")
        #expect(verdict("/demo/shop/a.jpg?ik-s=\(sign("a.jpg"))", endpoint: shop) == .valid(notAfter: nil))
        #expect(verdict("/demo/shop/a.jpg?ik-s=\(sign("shop/a.jpg"))", endpoint: shop) == .valid(notAfter: nil))
        #expect(verdict("/demo/shop/a.jpg?ik-s=\(sign("demo/shop/a.jpg"))", endpoint: shop) == .invalid)
        let host = Endpoint(account: "")
        #expect(verdict("/a.jpg?ik-s=\(sign("a.jpg"))", endpoint: host) == .valid(notAfter: nil))
    }

    @Test func `What is signed is what is on the wire, not what it decodes to`() {
        let digest = sign("a%20b.jpg?tr=w-300%2Ch-200")
        #expect(verdict("/demo/a%20b.jpg?tr=w-300%2Ch-200&ik-s=\(digest)") == .valid(notAfter: nil))
        #expect(verdict("/demo/a%20b.jpg?tr=w-300,h-200&ik-s=\(digest)") == .invalid)
        #expect(verdict("/demo/a%20b.jpg?tr=w-300%2ch-200&ik-s=\(digest)") == .invalid)
        #expect(verdict("/d%65mo/a%20b.jpg?tr=w-300%2Ch-200&ik-s=\(digest)") == .invalid)
    }

    @Test func `A digit cannot move from the expiry into the URL`() {
        let digest = sign("a.jpg?v=1", expiry: "1800000000")
        #expect(verdict("/demo/a.jpg?v=11&ik-t=800000000&ik-s=\(digest)", now: 0) == .invalid)
        #expect(verdict("/demo/a.jpg?v=11800000000&ik-t=&ik-s=\(digest)", now: 0) == .invalid)
        let open = sign("a.jpg?v=1")
        #expect(verdict("/demo/a.jpg?v=1&ik-t=9999999999&ik-s=\(open)") == .valid(notAfter: 9_999_999_999))
        #expect(verdict("/demo/a.jpg?v=19&ik-t=999999999&ik-s=\(open)") == .invalid)
    }

    @Test(arguments: [
        "?ik-s=", "?ik-s", "?ik-t=1800000000", "?ik-s=DIGEST&ik-s=DIGEST", "?ik-s=UPPER",
        "?ik-s=DIGEST&ik-t=1800000000&ik-t=1800000000", "?ik-s=DIGEST0", "?ik-s=%20DIGEST", "?ik-s=DIGEST&", "?&ik-s=DIGEST", "&ik-s=DIGEST",
        "?ik-s=DIGEST&ik-t=", "?ik-s=DIGEST&ik-t=+1800000000", "?ik-s=DIGEST&ik-t=99999999999",
    ])
    func `A signature in any other form is none`(query: String) {
        let digest = sign("a.jpg")
        let query = query.replacing("DIGEST", with: digest).replacing("UPPER", with: digest.uppercased())
        let verdict = verdict("/demo/a.jpg" + query)
        #expect(verdict == .invalid || verdict == .none, "\(query)")
        if query.contains("?") { #expect(verdict.refusal(signedOnly: false) != nil, "\(query)") }
    }

    @Test func `Any one changed, lost or added byte makes a signed URL invalid`() {
        var random = SeededRandom()
        let unsigned = [
            "/demo/sdk-testing-files/future-search.png", "/demo/tr:w-300,h-200/a%20b.png?version=2.0",
            "/demo/a.jpg?tr=w-300%2Ch-2&x=",
        ]
        for target in unsigned {
            for expiry in [nil, "1900000000"] {
                let separator = target.contains("?") ? "&" : "?"
                let digest = sign(String(target.dropFirst(6)), expiry: expiry ?? "9999999999")
                let time = expiry.map { "ik-t=\($0)&" } ?? ""
                let signed = Array((target + separator + time + "ik-s=" + digest).utf8)
                #expect(verdict(signed) == .valid(notAfter: expiry.flatMap { Int64($0) }))
                for index in signed.indices {
                    // Every one-bit change (the case of a letter among them), what has a meaning in a URL, and chance.
                    let others = (0..<8).map { signed[index] ^ (1 << $0) } + Array("0a&?=/%-".utf8)
                        + (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
                    for byte in others where byte != signed[index] {
                        var changed = signed
                        changed[index] = byte
                        expectRefused(changed)
                    }
                    var shorter = signed
                    shorter.remove(at: index)
                    expectRefused(shorter)
                    for byte in Array("0a&?=/%-".utf8) + [UInt8.random(in: 0...255, using: &random)] {
                        var longer = signed
                        longer.insert(byte, at: index)
                        expectRefused(longer)
                    }
                }
                for byte in UInt8.min...UInt8.max { expectRefused(signed + [byte]) }
            }
        }
    }

    private func expectRefused(_ target: [UInt8]) {
        if verdict(target).refusal(signedOnly: true) == nil {
            Issue.record("accepted: \(String(decoding: target, as: UTF8.self))")
        }
    }

    @Test func `Refusals answer 401 and say why`() {
        #expect(SignatureVerdict.none.refusal(signedOnly: false) == nil)
        #expect(SignatureVerdict.valid(notAfter: nil).refusal(signedOnly: true) == nil)
        for verdict in [SignatureVerdict.none, .invalid, .expired] {
            let refusal = verdict.refusal(signedOnly: true)
            #expect(refusal?.httpStatus == 401 && refusal?.code == "ESIGN" && refusal?.isPresentable == true)
        }
    }
}
