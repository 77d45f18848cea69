/// Ways to write one source's path, `people/ann-lee_1.jpg`, in a request.
struct Spellings {
    /// Each means this source, in one variant or another, with what the client says beside it.
    let same: [(target: String, headers: [String])]
    /// No path at all: refused whatever lies where.
    let malformed: [String]
    /// Near to it, and none of it.
    let others: [String]

    init(account: String) {
        let root = "/\(account)/"
        let path = "people/ann-lee_1.jpg"
        let paths = [
            path, "people%2Fann-lee_1.jpg", "people%2fann-lee_1.jpg", "%70eople/ann-lee_1.jpg", "people/%61nn-lee_1.jpg",
            "people/ann%2Dlee_1.jpg", "people/ann%2dlee_1.jpg", "people/ann-lee%5F1.jpg", "people/ann-lee%5f1.jpg",
            "people/ann-lee_%31.jpg", "people/ann-lee_1%2Ejpg", "people/ann-lee_1%2ejpg", "people/ann-lee_1.%6Apg",
            "people/ann-lee_1.%6apg", "people/ann-lee_1.jp%67",
            "%70%65%6F%70%6C%65%2F%61%6E%6E%2D%6C%65%65%5F%31%2E%6A%70%67",
            // Transformations, wherever they may stand.
            "tr:w-80/" + path, "tr:w-80,f-auto/" + path, "tr:f-png,w-30/" + path, "tr:w-80:h-20/" + path, "tr:/" + path,
            "tr%3Aw-80/" + path, "%74r:w-80/" + path, "tr:w%2D80/" + path, "tr:w-80%2Ch-40/" + path,
            "people/tr:w-80/ann-lee_1.jpg", "tr:w-80/people/tr:h-20/ann-lee_1.jpg", "tr:w-70/tr:h-20/" + path,
            "tr:w-65/people%2Fann%2Dlee_1.jpg", "tr:q-30/" + path, "tr:dpr-2,w-20/" + path,
            // Queries.
            path + "?", path + "?tr=w-80", path + "?tr=w-80%2Ch-30", path + "?tr=w-60:h-20", path + "?t%72=w-50",
            path + "?x=1", path + "?x", path + "?&", path + "?tr=", path + "?updatedAt=1732488000000",
            path + "?ik-sdk-version=js-1.0", path + "?tr=f-webp&x=%2F..%2F", path + "?tr=w-40&tr=h-20", path + "?v=1",
            "tr:w-55/" + path + "?tr=h-20", path + "?people/ann-lee_1.jpg",
        ].map { (root + $0, [String]()) }
        let encodedRoot = ["/%\(String(account.utf8.first!, radix: 16))\(account.dropFirst())/\(path)"].map { ($0, [String]()) }
        let hints = [
            ["Accept: image/webp"], ["Accept: image/avif,image/webp,*/*;q=0.8"], ["Accept: */*"], ["Accept: image/png"],
            ["Range: bytes=0-99"], ["If-None-Match: \"x\""], ["If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"],
            ["Cache-Control: no-cache"], ["Pragma: no-cache"], ["Cache-Control: only-if-cached"], ["Save-Data: on"],
            ["DPR: 2", "Width: 100"], ["Accept-Encoding: gzip, br"], ["X-Original-URL: /demo/other.jpg"], ["X-Forwarded-Host: other.example"],
        ].map { (root + "tr:w-33/" + path, $0) }
        same = paths + encodedRoot + hints
        malformed = [
            "people//ann-lee_1.jpg", "/people/ann-lee_1.jpg", path + "/", "people/./ann-lee_1.jpg", "./" + path,
            "people/../people/ann-lee_1.jpg", "x/../" + path, "people/%2E/ann-lee_1.jpg", "people/%2e%2e/people/ann-lee_1.jpg",
            "people%2F%2Fann-lee_1.jpg", "people\\ann-lee_1.jpg", "people%5Cann-lee_1.jpg", path + "%00", "people/%00ann-lee_1.jpg",
            path + "%", path + "%2", path + "%GG", path + "%0A", path + "%7F", "%C0%AFpeople/ann-lee_1.jpg",
            "people%C0%AFann-lee_1.jpg", "people/ann-lee_1%FF.jpg", "people%2Ftr:w-80%2Fann-lee_1.jpg", "tr:w-80%2F" + path,
            "tr:nonsense/" + path, path + "?tr=nonsense",
        ].map { root + $0 }
        others = [
            "People/ann-lee_1.jpg", "people/ann-lee_1.JPG", path + "%20", path + "%3Fx=1", path + "%23", path + ";x=1",
            "people/ann-lee_1.jpg.", "people/ann%252Dlee_1.jpg", "people/ann-lee_1%E2%80%8B.jpg", "people/ann+lee_1.jpg",
        ].map { root + $0 } + ["/\(account)//people/ann-lee_1.jpg", "//\(account)/" + path, "/" + path, "/"]
    }
}
