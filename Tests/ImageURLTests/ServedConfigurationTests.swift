import Crypto
import Foundation
import ImageURL
import Testing

@Suite struct ServedConfigurationTests {
    private func configuration(
        _ ids: [String], keys: [SigningKeyName] = [], transformations: [String: String] = [:]
    ) -> URLConfiguration {
        URLConfiguration(
            account: "demo", endpoints: ids.map { EndpointSettings(id: $0, storages: ["photos"]) },
            storages: [StorageReference(id: "photos")], transformations: transformations, signingKeys: keys)
    }

    private func read(
        _ target: String, _ configuration: URLConfiguration, keys: [SigningKeyName: String] = [:]
    ) throws(ImageURLError) -> ReadTarget {
        let served = ServedConfiguration(configuration, keys: keys)
        return try served.select(target: target).read(target: target.utf8.span, accept: [], now: 1_800_000_000)
    }

    @Test func `What is left out has its default`() throws {
        let json = #"{"id":"","storages":["photos"]}"#
        let settings = try JSONDecoder().decode(EndpointSettings.self, from: Data(json.utf8))
        #expect(settings == EndpointSettings(id: "", storages: ["photos"]))
        #expect(settings.leaseMilliseconds == 600_000 && settings.privateLeaseMilliseconds == 10_000)
        let whole = configuration(["", "shop"], keys: [SigningKeyName(id: "default", version: 2)], transformations: ["a": "w-1"])
        #expect(try JSONDecoder().decode(URLConfiguration.self, from: JSONEncoder().encode(whole)) == whole)
    }

    @Test(arguments: [
        (nil, false, 10, 600_000, 10_000), (nil, true, 10, 10_000, 10_000), (5, false, 10, 5_000, 5_000),
        (4, true, 2, 4_000, 2_000), (86_400, false, 3_600, 86_400_000, 3_600_000),
    ] as [(Int?, Bool, Int, UInt64, UInt64)])
    func `Private files have the shorter lease`(
        lease: Int?, strict: Bool, privateLease: Int, expected: UInt64, expectedPrivate: UInt64
    ) {
        let settings = EndpointSettings(
            id: "", storages: [], leaseSeconds: lease, privateLeaseSeconds: privateLease, strict: strict)
        #expect(settings.leaseMilliseconds == expected)
        #expect(settings.privateLeaseMilliseconds == expectedPrivate)
    }

    @Test(arguments: [
        ("/demo/a.jpg", "", "a.jpg"), ("/demo/shop/a.jpg", "shop", "a.jpg"), ("/demo/%73hop/a.jpg", "shop", "a.jpg"),
        ("/demo/shop/shop/a.jpg?x=/", "shop", "shop/a.jpg"), ("/demo/shop-2/a.jpg", "shop-2", "a.jpg"),
        ("/demo/shop2/a.jpg", "", "shop2/a.jpg"), ("/demo/Shop/a.jpg", "", "Shop/a.jpg"),
        ("/demo/shop%2Fa.jpg", "", "shop/a.jpg"), ("/demo/tr:w-1/shop/a.jpg", "", "shop/a.jpg"),
        ("/demo/shop/tr:w-1/a.jpg", "shop", "a.jpg"), ("/demo/x/shop/a.jpg", "", "x/shop/a.jpg"),
        ("/demo/%E2%84%AA/a.jpg", "", "\u{212A}/a.jpg"), ("/demo/%FFshop/../a.jpg", nil, nil), ("/demo/shop", nil, nil),
        ("/demo/shop?/a.jpg", nil, nil), ("/other/shop/a.jpg", nil, nil), ("/shop/a.jpg", nil, nil), ("/", nil, nil),
        ("", nil, nil), ("/demo", nil, nil), ("/demo/%zz/a.jpg", nil, nil),
    ] as [(String, String?, String?)])
    func `The segment after the account names the endpoint`(target: String, site: String?, path: String?) {
        let read = try? read(target, configuration(["", "shop", "shop-2", "K"]))
        #expect(read?.identity.site == site)
        #expect(read?.path == path)
    }

    @Test func `What an endpoint decides is part of the variant`() throws {
        var changed = configuration(["", "shop"])
        let usual = try read("/demo/a.jpg", changed).identity
        #expect(try read("/demo/shop/a.jpg", changed).identity.parts != usual.parts)
        changed.endpoints[0].quality = 50
        #expect(try read("/demo/a.jpg", changed).identity.parts != usual.parts)
        #expect(
            try read("/demo/tr:q-80/a.jpg", changed).identity.parts
                == read("/demo/tr:q-80/a.jpg", configuration([""])).identity.parts)
        changed = configuration([""])
        changed.storages[0].meaning = "elsewhere"
        #expect(try read("/demo/a.jpg", changed).identity.parts != usual.parts)
        changed = configuration([""])
        changed.storages[0].keyPrefix = "x/"
        #expect(try read("/demo/a.jpg", changed).identity.parts != usual.parts)
    }

    @Test func `Without a default endpoint a URL that names none means nothing`() throws {
        let read = try read("/demo/a.jpg", configuration(["shop"]))
        #expect(read.identity.locations.isEmpty)
    }

    @Test func `A storage is reached through every endpoint that lists it`() {
        var shared = configuration(["", "shop", "press"])
        shared.storages.append(StorageReference(id: "press"))
        shared.endpoints[2].storages = ["press", "gone"]
        let served = ServedConfiguration(shared, keys: [:])
        #expect(served.endpoints(reaching: ["photos"]).map(\.endpoint.id) == ["", "shop"])
        #expect(served.endpoints(reaching: ["press"]).map(\.endpoint.id) == ["press"])
        #expect(served.endpoints(reaching: ["gone"]).isEmpty)
        #expect(served["press"]?.endpoint.storages.map(\.id) == ["press"])
        #expect(served["none"] == nil && served[""]?.endpoint.id == "")
    }

    @Test func `A key verifies while the configuration names its version`() throws {
        let (first, second) = (SigningKeyName(id: "default", version: 1), SigningKeyName(id: "default", version: 2))
        let values = [first: "old", second: "new"]
        let signed = { (key: String) in
            let digest = HMAC<Insecure.SHA1>.authenticationCode(
                for: Array("a.jpg9999999999".utf8), using: SymmetricKey(data: Array(key.utf8)))
            return "/demo/a.jpg?ik-s=" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        for (named, accepted) in [([first], ["old"]), ([first, second], ["old", "new"]), ([second], ["new"]), ([], [])] {
            for key in ["old", "new"] {
                let answer = Result { () throws in try read(signed(key), configuration([""], keys: named), keys: values) }
                switch answer {
                case .success(let read): #expect(accepted.contains(key) && read.identity.signed)
                case .failure(let error): #expect(!accepted.contains(key) && (error as? ImageURLError)?.httpStatus == 401)
                }
            }
        }
    }
}
