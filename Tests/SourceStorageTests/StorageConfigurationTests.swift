import Curl
import Foundation
@testable import SourceStorage
import Testing

@Suite struct StorageConfigurationTests {
    private func list(_ json: String) throws -> [StorageConfiguration] {
        try StorageConfiguration.list(json: Array(json.utf8))
    }

    @Test func readsEveryKind() throws {
        let storages = try list(
            """
            [{"id": "photos", "type": "local", "folder": "/tmp"},
             {"id": "site", "type": "web-folder", "baseURL": "http://127.0.0.1:1/x/", "query": false, "allowNetworks": ["10.0.0.0/8"]},
             {"id": "bucket", "type": "s3", "bucket": "b", "region": "eu-central-1", "accessKey": "a", "secretKey": "s",
              "prefix": "img/", "endpoint": "http://127.0.0.1:8333"},
             {"id": "aws", "type": "s3", "bucket": "b", "region": "eu-central-1", "accessKey": "a", "secretKey": "s"}]
            """)
        #expect(storages.map(\.id) == ["photos", "site", "bucket", "aws"])
        #expect(storages.map(\.keyPrefix) == ["", "", "img/", ""])
        #expect(storages.map(\.usesQuery) == [false, false, false, false])
        let client = try CurlClient()
        let readers = try FileReaders()
        #expect(try storages.map { try $0.makeStorage(client: client, readers: readers).id } == storages.map(\.id))
        #expect(try list(String(decoding: JSONEncoder().encode(storages), as: UTF8.self)) == storages)
        #expect(try list(#"[{"id": "w", "type": "web-folder", "baseURL": "http://a"}]"#)[0].usesQuery)
    }

    @Test(arguments: [
        ("", "The storages file: it is not a JSON array"),
        ("{}", "The storages file: must be a JSON array"),
        ("[1]", "number 1"),
        (#"[{"type": "local"}]"#, #"Storage "number 1": "id": is missing."#),
        (
            #"[{"id": "a", "type": "local", "folder": "/x"}, {"id": "b", "type": "local"}]"#,
            #"Storage "number 2": "folder": is missing."#
        ),
        (#"[{"id": "a", "type": "ftp"}]"#, #""type": "ftp" is none of "local", "web-folder" and "s3"."#),
        (#"[{"id": "a b", "type": "local", "folder": "/x"}]"#, #""id": it is 1 to 64 letters"#),
        (#"[{"id": "a", "type": "local", "folder": 1}]"#, #""folder": must be a text."#),
        (#"[{"id": "a", "type": "local", "folder": null}]"#, #""folder": must be a text, not null."#),
        (
            #"[{"id": "a", "type": "local", "foldr": "/x", "folder": "/x"}]"#,
            #""foldr": a storage of this type has no such key; it has folder, id, type."#
        ),
        (
            #"[{"id": "a", "type": "local", "folder": "/x", "bucket": "b"}]"#,
            #""bucket": a storage of this type has no such key"#
        ),
        (#"[{"id": "a", "type": "web-folder", "baseURL": "http://a", "maximumRedirects": 99}]"#, "it is 0 to 20."),
        (
            #"[{"id": "a", "type": "s3", "bucket": "b/c", "accessKey": "a", "secretKey": "s"}]"#,
            #""bucket": it is letters"#
        ),
        (
            #"[{"id": "a", "type": "s3", "bucket": "b", "accessKey": "a", "secretKey": ""}]"#,
            #""secretKey": it is empty."#
        ),
        (
            #"[{"id": "a", "type": "local", "folder": "/x"}, {"id": "a", "type": "local", "folder": "/y"}]"#,
            "two storages have this id"
        ),
    ]) func saysWhatIsWrong(_ json: String, _ part: String) {
        let error = #expect(throws: StorageConfigurationError.self) { try list(json) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (#"{"id": "a", "type": "web-folder", "baseURL": "example.org"}"#, #""baseURL" is not an http or https URL"#),
        (
            #"{"id": "a", "type": "web-folder", "baseURL": "http://a", "allowNetworks": ["10/8"]}"#,
            #""10/8" in "allowNetworks""#
        ),
        (#"{"id": "a", "type": "local", "folder": "x"}"#, #""folder" must be an absolute path"#),
        (
            #"{"id": "a", "type": "s3", "bucket": "b", "accessKey": "a", "secretKey": "s", "endpoint": "nas:9000"}"#,
            #""endpoint" is not an http"#
        ),
        (
            #"{"id": "a", "type": "s3", "bucket": "b", "accessKey": "a", "secretKey": "s", "endpoint": "http://a?b"}"#,
            "no query"
        ),
        (
            #"{"id": "a", "type": "s3", "bucket": "b", "accessKey": "a", "secretKey": "s", "endpoint": "http://127.0.0.1:1", "pathStyle": false}"#,
            #"set "pathStyle": true"#
        ),
    ]) func saysWhatCannotBeMade(_ json: String, _ part: String) throws {
        let storage = try list("[\(json)]")[0]
        let client = try CurlClient()
        let readers = try FileReaders()
        let error = #expect(throws: StorageConfigurationError.self) {
            try storage.makeStorage(client: client, readers: readers)
        }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
}
