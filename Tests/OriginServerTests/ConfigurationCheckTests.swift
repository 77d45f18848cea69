import Foundation
import ImageURL
import Testing

@testable import OriginServer

@Suite struct ConfigurationCheckTests {
    private static let base = """
        {"account": "demo", "endpoints": [{"id": "", "storages": ["photos"]}],
         "storages": [{"id": "photos", "type": "web-folder", "baseURL": "http://127.0.0.1:1/a"}]}
        """

    private func problems(
        _ document: String, after old: ConfigurationDocument? = nil, replacing: Set<String> = [], secrets: [String: String] = [:]
    ) throws -> String {
        let folder = NSTemporaryDirectory() + "/vignette-secrets-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in secrets { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
        let maker = try StorageMaker(secrets: SecretFolder(path: folder, privateKey: "own", written: [:]))
        do {
            let document = try ConfigurationDocument(json: Data(document.utf8))
            try ConfigurationCheck(document: document, old: old, replaced: replacing, storages: maker).run()
            return ""
        } catch let refusal as ConfigurationRefusal {
            return refusal.description
        }
    }

    @Test(arguments: [
        ("", "", ""),
        (Self.base, "[]", "The configuration: is no JSON object."), (Self.base, "", "The configuration can't be read as JSON"),
        (#""account": "demo", "#, "", "account: is missing."), (#""demo""#, "1", "account: is no text."),
        (#""demo""#, #""a/b""#, "account is \"a/b\""), (#""account""#, #""leases": 1, "account""#, "\"leases\" is no key here"),
        (#"{"id": "", "#, #"{"id": "", "signedonly": true, "#, "endpoints, number 1: \"signedonly\" is no key here"),
        (#"{"id": "", "#, #"{"id": "x", "#, "There is no default endpoint"),
        (#"{"id": "", "storages": ["photos"]}"#, #"{"id": "", "storages": ["photos"]}, {"id": "", "storages": ["photos"]}"#,
         "Two endpoints have the id \"\""),
        (#"[{"id": "","#, #"[{"id": "a b", "storages": ["photos"]}, {"id": "","#, "Endpoint \"a b\": an id is up to 100 letters"),
        (#"[{"id": "","#, #"[{"id": "default", "storages": ["photos"]}, {"id": "","#, "that word means the endpoint"),
        (#"["photos"]"#, "[]", "The default endpoint: storages is empty"),
        (#"["photos"]"#, #"["photos", "none"]"#, "there is no storage \"none\""),
        (#"["photos"]"#, #"["photos", "photos"]"#, "names \"photos\" twice"),
        (#"["photos"]"#, #"["photos"], "leaseSeconds": 1"#, "leaseSeconds is 1; it goes from 2 to 86400"),
        (#"["photos"]"#, #"["photos"], "privateLeaseSeconds": 86401"#, "privateLeaseSeconds is 86401"),
        (#"["photos"]"#, #"["photos"], "strict": true, "leaseSeconds": 11"#, "that of a strict endpoint is 10 at the most"),
        (#"["photos"]"#, #"["photos"], "quality": 101"#, "quality is 101"),
        (#"["photos"]"#, #"["photos"], "signedOnly": true"#, "there is no signing key"),
        (#""id": "photos","#, #""id": "pho\u0000tos","#, "it is 1 to 64 letters"),
        (#""storages": [{"#, #""storages": [{"id": "photos", "type": "web-folder", "baseURL": "http://a/"}, {"#,
         "Two storages have the id \"photos\""),
        (#"http://127.0.0.1:1/a"#, "nowhere", "is not an http or https URL"),
        (#"{"id": "photos", "type": "web-folder", "baseURL": "http://127.0.0.1:1/a"}"#,
         #"{"id": "photos", "type": "local", "folder": "/nowhere/at/all"}"#, "cannot be opened"),
        (#""storages": [{"#, #""storages": [{"id": "b", "type": "s3", "bucket": "b", "accessKey": "a", "secretKey": "s"}, {"#,
         "secrets don't belong into the configuration"),
        (#""storages": [{"#, #""storages": [{"id": "b", "type": "s3", "bucket": "b", "credentials": {"id": "b", "version": 1}}, {"#,
         "b.1 is missing"),
        (#""storages": [{"#,
         #""storages": [{"id": "b", "type": "s3", "bucket": "b", "credentials": {"id": "../b", "version": 1}}, {"#,
         "its credentials' id is"),
        (#""account""#, #""transformations": {"a-b": "w-1"}, "account""#, "Transformation \"a-b\": a name is letters"),
        (#""account""#, #""transformations": {"a": "w-"}, "account""#, "Transformation \"a\": "),
        (#""account""#, #""signingKeys": [{"id": "default", "version": 2}], "account""#, "default.2 is missing or empty"),
        (#""account""#, #""signingKeys": [{"id": "default", "version": 0}], "account""#, "version is 0"),
        (#""account""#, #""signingKeys": [{"id": "default", "version": "one"}], "account""#, "signingKeys, number 1, version: is no whole number"),
        (#""account""#, #""signingKeys": [{"id": "/", "version": 1}], "account""#, "A signing key's id is \"/\""),
    ])
    func `People are told what is wrong`(text: String, edited: String, problem: String) throws {
        let found = try problems(Self.base.replacing(text, with: edited))
        #expect(problem.isEmpty ? found.isEmpty : found.contains(problem), "\(found)")
    }

    @Test func `Secrets are files by id and version`() throws {
        let document = Self.base.replacing(
            #""storages": [{"#,
            with: #""signingKeys": [{"id": "next", "version": 3}, {"id": "default", "version": 1}], "storages": [{"id": "b", "type": "s3", "bucket": "b", "credentials": {"id": "b", "version": 2}}, {"#)
        let credentials = #"{"accessKey": "a", "secretKey": "s"}"#
        #expect(try problems(document, secrets: ["next.3": "key\n", "b.2": credentials]) == "")
        #expect(try problems(document, secrets: ["next.3": "", "b.2": credentials]).contains("next.3"))
        #expect(try problems(document, secrets: ["next.3": "key", "b.2": "{}"]).contains("b.2"))
    }

    @Test func `An id keeps its meaning, also after it was gone`() throws {
        let first = try ConfigurationDocument(json: Data(Self.base.utf8))
        let moved = Self.base.replacing("127.0.0.1:1/a", with: "127.0.0.1:1/b")
        #expect(try problems(Self.base, after: first) == "")
        #expect(try problems(moved, after: first).contains("meant another place before"))
        #expect(try problems(moved, after: first, replacing: ["photos"]) == "")

        let other = Self.base.replacing("photos", with: "others").replacing("127.0.0.1:1/a", with: "127.0.0.1:1/c")
        let second = try ConfigurationDocument(json: Data(other.utf8)).remembering(first)
        let third = try ConfigurationDocument(json: Data(try second.canonicalJSON().utf8)).remembering(second)
        #expect(try problems(Self.base, after: third) == "", "the same place")
        #expect(try problems(moved, after: third).contains("meant another place before"))
        #expect(second.formerStorages.keys.sorted() == ["photos"] && third.formerStorages == second.formerStorages)
        #expect(first.remembering(third).formerStorages.keys.sorted() == ["others"])
        #expect(!String(decoding: try JSONEncoder().encode(second.forPeople), as: UTF8.self).contains("formerStorages"))
    }

    @Test func `A place keeps its id`() throws {
        let first = try ConfigurationDocument(json: Data(Self.base.utf8))
        let renamed = Self.base.replacing("photos", with: "pictures")
        #expect(try problems(renamed, after: first).contains("is the place that was called \"photos\""))
        #expect(try problems(renamed, after: first, replacing: ["pictures"]) == "")
    }
}
