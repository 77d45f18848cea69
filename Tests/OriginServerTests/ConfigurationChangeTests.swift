import CacheProtocol
import Foundation
import ImageURL
import Journal
import Testing

@testable import OriginServer

@Suite struct ConfigurationChangeTests {
    static let base = """
        {"account": "demo",
         "endpoints": [{"id": "", "storages": ["photos", "old"]}, {"id": "shop", "storages": ["photos"], "leaseSeconds": 30}],
         "storages": [{"id": "photos", "type": "web-folder", "baseURL": "http://127.0.0.1:1/a"},
                      {"id": "old", "type": "s3", "bucket": "b", "credentials": {"id": "old", "version": 1}}],
         "transformations": {"thumb": "w-100"}, "signingKeys": [{"id": "default", "version": 1}]}
        """

    private func revoked(_ edits: (String, String)...) throws -> [[String]] {
        let old = try ConfigurationDocument(json: Data(Self.base.utf8))
        let text = edits.reduce(Self.base) { $0.replacing($1.0, with: $1.1) }
        #expect(text != Self.base, "the test edits nothing")
        let change = try ConfigurationChange(from: old, to: try ConfigurationDocument(json: Data(text.utf8)))
        return [change.revokedStorages, change.revokedSites]
    }

    @Test func `What is gone is revoked`() throws {
        let shop = #", {"id": "shop", "storages": ["photos"], "leaseSeconds": 30}"#
        #expect(try revoked((shop, "")) == [[], ["shop"]])
        // The endpoint may show less, and the storage is there for others.
        #expect(try revoked((#"["photos", "old"]"#, #"["photos"]"#)) == [[], [""]])
        let without = Self.base.replacing(#", "old"]"#, with: "]").split(separator: "\n").filter { !$0.contains("bucket") }
            .joined().replacing(#"/a"},"#, with: #"/a"}],"#)
        let change = try ConfigurationChange(
            from: try ConfigurationDocument(json: Data(Self.base.utf8)),
            to: try ConfigurationDocument(json: Data(without.utf8)))
        #expect(change.revokedStorages == ["old"] && change.revokedSites == [""])
    }

    @Test(arguments: [
        ("127.0.0.1:1/a", "127.0.0.1:1/b", ["photos"]), (#""bucket": "b""#, #""bucket": "c""#, ["old"]),
        (#""bucket": "b""#, #""bucket": "b", "prefix": "x/""#, ["old"]),
        (#""bucket": "b""#, #""bucket": "b", "endpoint": "http://127.0.0.1:2""#, ["old"]),
        // The same place, reached otherwise.
        (#""bucket": "b""#, #""bucket": "b", "region": "eu-central-1""#, []), (#""old", "version": 1"#, #""old", "version": 2"#, []),
        (#"1/a""#, #"1/a", "maximumRedirects": 1, "allowNetworks": ["10.0.0.0/8"]"#, []),
    ] as [(String, String, [String])])
    func `A storage whose id means another place is revoked`(text: String, edited: String, storages: [String]) throws {
        #expect(try revoked((text, edited)) == [storages, []])
    }

    @Test func `What is added, or decided by the URL's reading alone, revokes nothing`() throws {
        for (text, edited) in [
            (#""w-100""#, #""w-200""#), (#"{"thumb": "w-100"}"#, "{}"), (#"[{"id": "default", "version": 1}]"#, "[]"),
            (#""leaseSeconds": 30"#, #""strict": true"#), (#"["photos", "old"]"#, #"["old", "photos"]"#),
            (#""storages": ["photos"], "#, #""storages": ["photos", "old"], "#),
        ] {
            #expect(try revoked((text, edited)) == [[], []], "\(edited)")
        }
    }

    @Test func `Another account has other endpoints`() throws {
        #expect(try revoked((#""account": "demo""#, #""account": "other""#)) == [[], ["", "shop"]])
    }

    @Test func `The first configuration revokes nothing`() throws {
        let document = try ConfigurationDocument(json: Data(Self.base.utf8))
        let change = try ConfigurationChange(from: nil, to: document)
        #expect(change.revokedStorages.isEmpty && change.revokedSites.isEmpty)
        #expect(try ConfigurationDocument(json: Data(change.document.utf8)) == document)
    }

    @Test func `One meaning has one text`() throws {
        let document = try ConfigurationDocument(json: Data(Self.base.utf8))
        let whole = try JSONSerialization.jsonObject(with: Data(Self.base.utf8))
        let again = try JSONSerialization.data(withJSONObject: whole, options: [.prettyPrinted, .sortedKeys])
        #expect(try ConfigurationDocument(json: again).canonicalJSON() == document.canonicalJSON())
    }

    @Test func `The desk waits by each endpoint's lease`() throws {
        #expect(EndpointLeases(ofDocument: Self.base) == EndpointLeases(bySite: ["": 600_000, "shop": 30_000], longest: 600_000))
        #expect(EndpointLeases(ofDocument: "{}").longest == 86_400_000)
    }

    @Test func `Edges are told of no place and no secret of a storage`() throws {
        let document = try ConfigurationDocument(json: Data(Self.base.utf8))
        let text = String(decoding: try JSONEncoder().encode(document.ofURLs), as: UTF8.self)
        for secret in ["127.0.0.1", "bucket", "credentials"] { #expect(!text.contains(secret)) }
    }
}
