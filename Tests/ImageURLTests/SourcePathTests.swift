import ImageURL
import Testing

@Suite struct SourcePathTests {
    @Test(arguments: [
        ("/demo/a.jpg", "a.jpg"),
        ("/demo/%61.jpg", "a.jpg"),
        ("/demo/a%2Fb.jpg", "a/b.jpg"),
        ("/demo/a%2fb.jpg", "a/b.jpg"),
        ("/demo/a%2525.jpg", "a%25.jpg"),
        ("/demo/a%3Fb%23c.jpg", "a?b#c.jpg"),
        ("/demo/a+b%20c&d=e;f.jpg", "a+b c&d=e;f.jpg"),
        ("/demo/%E0%A4%B9%E0%A4%BF.png", "हि.png"),
        ("/demo/हि.png", "हि.png"),
        ("/demo/.hidden/...", ".hidden/..."),
        ("/demo/TR:w-1/a.jpg", "TR:w-1/a.jpg"),
        ("/demo/xtr:w-1/a.jpg", "xtr:w-1/a.jpg"),
        ("/demo/a.jpg?", "a.jpg"),
        ("/demo/img/tr:w-200,h-300/girl.jpeg", "img/girl.jpeg"),
        ("/demo/tr:w-200/img/tr%3Ah-300/girl.jpeg", "img/girl.jpeg"),
        ("/demo/%74r:w-200/girl.jpeg", "girl.jpeg"),
        ("/demo/girl.jpeg/tr:w-200", "girl.jpeg"),
        ("/demo/tr:/girl.jpeg", "girl.jpeg"),
        ("/demo/ik-thumbnail.jpg", "ik-thumbnail.jpg"),
    ])
    func `Decoded once, without transformations`(target: String, path: String) throws {
        let request = try ImageURLParser(endpoint: demo).parse(target: target)
        #expect(request.sourcePath.utf8.elementsEqual(path.utf8), "\(request.sourcePath)")
    }

    @Test func `Several transformation texts are one chain: path first, then query`() throws {
        let request = try ImageURLParser(endpoint: demo).parse(
            target: "/demo/tr:w-100:w-90/x/tr%3Aw-80/a.jpg?tr=w-70&v=1&tr=w-60%3Aw-50")
        #expect(request.recipe.canonical == "w-100:w-90:w-80:w-70:w-60:w-50")
        #expect(request.passQuery == "v=1")
    }

    @Test(arguments: [
        ("v=1&tr=w-1&ik-s=00&ik-t=1&ik-sdk-version=x&updatedAt=5", "v=1&updatedAt=5"),
        ("alt=media&token=a%26b%2Fc", "alt=media&token=a%26b%2Fc"),
        ("&&a&&b=&", "a&b="),
        ("%74r=w-1&a=tr=w-1", "a=tr=w-1"),
        ("t=1&trx=2&atr=3", "t=1&trx=2&atr=3"),
        ("tr", ""),
        ("tr=", ""),
        ("a=%zz", "a=%zz"),
        ("a=é", "a=é"),
    ])
    func `The rest of the query is passed on as it stands`(query: String, rest: String) throws {
        #expect(try ImageURLParser(endpoint: demo).parse(target: "/demo/a.jpg?" + query).passQuery == rest)
    }

    @Test func `Every spelling of a path is the same path`() throws {
        var random = SeededRandom()
        let parser = ImageURLParser(endpoint: demo)
        let letters = Array("abzAZ019-._~ %?#&=+;@!$'()*,:é€हि𝄞\"<>|^`{}[]")
        for _ in 0..<3_000 {
            let segments = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                String((0..<Int.random(in: 1...8, using: &random)).map { _ in random.pick(letters) })
            }
            if segments.contains(where: { $0 == "." || $0 == ".." || $0.hasPrefix("tr:") }) { continue }
            let path = segments.joined(separator: "/")
            let spelled = segments.map { random.encoded($0) }.joined(separator: random.pick(["/", "%2F", "%2f"]))
            let mark = random.pick(["", "tr:w-5/", "tr%3Aw-5/"])
            let request = try parser.parse(target: "/demo/\(mark)\(spelled)")
            #expect(request.sourcePath.utf8.elementsEqual(path.utf8), "\(spelled)")
        }
    }

    @Test func `No bytes whatever crash the parser, and what it accepts is safe`() {
        var random = SeededRandom()
        let parser = ImageURLParser(endpoint: demo)
        let pieces = [
            "/demo/", "tr:", "w-300", "h-0.5", ",", ":", "-", "%", "%2", "%2e", "%2F", "%00", "..", "/", "?", "&",
            "tr=", "ik-s=", "ik-t=9", "dpr-", "q-", "f-jpg", "c-force", "é", "\\", "a.jpg",
            "99999999999999999999", "0.", "iw_mul_2",
        ].map { Array($0.utf8) }
        for _ in 0..<30_000 {
            var target: [UInt8] = random.chance(0.8) ? Array("/demo/".utf8) : []
            for _ in 0..<Int.random(in: 0...10, using: &random) {
                target += random.chance(0.1) ? [UInt8.random(in: 0...255, using: &random)] : random.pick(pieces)
            }
            do throws(ImageURLError) {
                let request = try parser.parse(target: target.span)
                let path = Array(request.sourcePath.utf8)
                let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                let isSafe = segments.allSatisfy { segment in
                    !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
                        && !segment.starts(with: "tr:".utf8)
                        && segment.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x5C }
                }
                #expect(isSafe, "\(target)")
                let readBack = try Recipe(canonical: request.recipe.canonical)
                #expect(readBack == request.recipe)
            } catch {
                #expect(error.isPresentable, "\(error)")
                #expect(error.code != "ENOENT" || !target.starts(with: "/demo/".utf8))
            }
        }
    }
}
