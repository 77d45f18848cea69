import ImageURL
import Testing

@Suite struct EndpointTests {
    @Test func `A source lies where each storage keeps it, in order`() throws {
        let endpoint = Endpoint(
            account: "demo",
            storages: [
                StorageReference(id: "local"), StorageReference(id: "bucket", keyPrefix: "site/"),
                StorageReference(id: "web", usesQuery: true),
            ]
        )
        let target = "/demo/tr:w-1/a%20b.jpg?alt=media&tr=h-1&ik-s=0&x=%20"
        let request = try ImageURLParser(endpoint: endpoint).parse(target: target)
        #expect(
            SourceLocator(endpoint: endpoint).locations(of: request) == [
                SourceLocation(storage: "local", key: "a b.jpg"),
                SourceLocation(storage: "bucket", key: "site/a b.jpg"),
                SourceLocation(storage: "web", key: "a b.jpg", query: "alt=media&x=%20"),
            ]
        )
    }

    @Test func `Names that look alike and differ in bytes are different sources`() throws {
        let parser = ImageURLParser(endpoint: Endpoint(account: "demo", storages: [StorageReference(id: "s")]))
        let composed = try parser.parse(target: "/demo/%C3%A9.jpg")
        let decomposed = try parser.parse(target: "/demo/e%CC%81.jpg")
        #expect(composed.sourcePath == decomposed.sourcePath, "Swift's own equality, which must not decide")
        #expect(composed != decomposed)
        let locator = SourceLocator(endpoint: parser.endpoint)
        #expect(locator.locations(of: composed) != locator.locations(of: decomposed))
        #expect(Set(locator.locations(of: composed) + locator.locations(of: decomposed)).count == 2)
    }

    @Test(arguments: [
        (Endpoint(account: "demo"), "/demo/x/a.jpg", "x/a.jpg"),
        (Endpoint(account: "demo", id: "shop"), "/demo/shop/x/a.jpg", "x/a.jpg"),
        (Endpoint(account: "", id: "shop"), "/shop/x/a.jpg", "x/a.jpg"),
        (Endpoint(account: ""), "/x/a.jpg", "x/a.jpg"),
        (Endpoint(account: "demo"), "/d%65mo/x/a.jpg", "x/a.jpg"),
        (Endpoint(account: "demo"), "/demo/demo/a.jpg", "demo/a.jpg"),
    ])
    func `The path after the endpoint names the source`(endpoint: Endpoint, target: String, path: String) throws {
        #expect(try ImageURLParser(endpoint: endpoint).parse(target: target).sourcePath == path)
    }
}
