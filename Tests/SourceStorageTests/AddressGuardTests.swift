import Curl
@testable import SourceStorage
import Testing

@Suite struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::8.8.8.8",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::1",
        "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1",
    ]) func refusesWhatIsNotPublic(_ text: String) throws {
        #expect(!AddressGuard().allows(try #require(CurlAddress(text: text, port: 80))))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255", "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "3ffe::1",
    ]) func allowsWhatIsPublic(_ text: String) throws {
        #expect(AddressGuard().allows(try #require(CurlAddress(text: text, port: 80))))
    }

    @Test func allowsNamedNetworksAndNothingBeside() throws {
        let networks = ["10.1.0.0/15", "fd00:1::/33", "192.168.1.7"].map { IPNetwork($0) }
        let guarded = AddressGuard(networks: networks.compactMap(\.self))
        let cases = [
            ("10.1.0.1", true), ("10.0.255.255", true), ("10.2.0.0", false), ("192.168.1.7", true),
            ("192.168.1.6", false),
            ("fd00:1::1", true), ("fd00:1:0:7fff::1", true), ("fd00:1:8000::1", false), ("::ffff:192.168.1.7", false),
        ]
        for (text, isAllowed) in cases {
            #expect(guarded.allows(try #require(CurlAddress(text: text, port: 1))) == isAllowed, "\(text)")
        }
    }

    @Test func allowsTheAddressThatTheOperatorWrote() throws {
        let cases = [
            ("http://127.0.0.1:9000/x", "127.0.0.1", 9000, true), ("http://127.0.0.1:9000/x", "127.0.0.1", 9001, false),
            ("http://127.0.0.1:9000/x", "127.0.0.2", 9000, false), ("https://10.0.0.1", "10.0.0.1", 443, true),
            ("http://[fd00::1]:81", "fd00::1", 81, true), ("http://[::1]", "::1", 80, true),
            ("http://LocalHost", "::1", 80, true),
            ("http://b.s3.localhost:8333", "127.0.0.1", 8333, true),
            ("http://localhost.example", "127.0.0.1", 80, false),
            ("http://user:pw@127.0.0.1", "127.0.0.1", 80, true),
            ("http://127.0.0.1@example.org", "127.0.0.1", 80, false),
        ]
        for (url, text, port, isAllowed) in cases {
            let base = try #require(HTTPBase(url))
            let guarded = AddressGuard(baseURL: base)
            #expect(
                guarded.allows(try #require(CurlAddress(text: text, port: UInt16(port)))) == isAllowed, "\(url) \(text)"
            )
        }
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "example.org", "10.0.0.0/8/8", "fe80::1%lo/64",
        "/8",
    ])
    func refusesWhatIsNoNetwork(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test(arguments: [
        "", "example.org", "ftp://example.org", "http://", "http://:80", "http://a:0", "http://a:99999", "http://a b",
        "http://::1",
        "http://[::1", "http://a#b", "http://a:b:c", "http://[abc]/",
    ]) func refusesWhatIsNoBase(_ text: String) {
        #expect(HTTPBase(text) == nil)
    }
}
