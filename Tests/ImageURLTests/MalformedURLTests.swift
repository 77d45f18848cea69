import ImageURL
import Testing

/// Each malformed URL answers its code, and its message names the piece that is wrong.
@Suite struct MalformedURLTests {
    /// Transformation texts: code, text, piece that the message must hold.
    static let transformations: [(String, String, String)] =
        [
            "w-abc", "w-", "w", "w-0", "w-0.0", "w-0.0000001", "w--1", "w-N10", "w-+3", "w-1.5", "w-300.5", "w-300.0000001",
            "w-1e3", "w-0x10", "w-300px", "w-.5", "w-5.", "w-0.5.5", "w-١٢", "w-%20300", "w-300%20", "w-50%25", "w-0,5x",
            "h-abc", "h-", "h", "h-0", "h--1", "h-N1", "h-1.01", "h-inf", "h-nan", "h-null", "h-undefined", "h-true",
            "w-undefined", "w-NaN", "w-null", "w-300/", "w-300;h-2", "w-300_h-2", "w-300h-2", "w-_", "w-_mul_2", "w-300_",
            "w-x_mul_2", "w-3_times_2", "w-iw2", "h-w", "w-Auto", "w-AUTO", "w-IW_div_2",
            "c-", "c", "c-Force", "c-FORCE", "c-bogus", "c-at-max", "c-atmax", "c-at_max%20", "c-at_max_", "c-%00",
            "c-maintain", "c-maintain_ratio_", "c-max", "c-crop", "c-fit", "c-cover", "c-1", "c-true",
            "dpr-", "dpr", "dpr-0", "dpr-0.09", "dpr-5.01", "dpr-5.0000001", "dpr-6", "dpr--1", "dpr-x", "dpr-2x", "dpr-1e0",
            "dpr-2.", "dpr-.5", "dpr-99999999999999999999", "dpr-NaN", "dpr-0.0999999", "dpr-2_3", "dpr-N2",
            "f-", "f", "f-bogus", "f-JPG", "f-Webp", "f-jpg2", "f-tiff", "f-heic", "f-bmp", "f-image/webp", "f-%00", "f-auto%20",
            "f-pjpg", "f-original", "f-true",
            "q-", "q", "q-0", "q-101", "q-1000", "q--5", "q-N5", "q-80.5", "q-auto", "q-high", "q-80%25", "q-0.8", "q-1e2",
            "q-99999999999999999999", "q-80_90", "q-80.0000001",
        ].map { ("EBADTR", $0, $0) }
        + [
            ",", ":", ",,", "::", "w-1,", "w-1:", ",w-1", ":w-1", "w-1,,h-1", "w-1::h-1", "w-1,:h-1", "w-1:,h-1", "%2C", "%3A",
            "w-1%2C", "w-1%3A%3Ah-1",
        ].map { ("EBADTR", $0, "empty item") }
        + ["n-thumb", "n-", "n"].map { ("EBADTR", $0, $0) }
        + [
            "ar-4-3", "ar-4:3", "ar-1", "cm-extract", "cm-pad_resize", "cm-bogus", "cm", "fo-auto", "fo-face", "x-1", "y-1",
            "xc-1", "yc-1", "z-2", "lo-true", "pr-true", "md-true", "cp-true", "c2pa-true", "dn-72", "orig-true", "di-a@@b.jpg",
            "pg-2", "rt-90", "rt-auto", "fl-h", "r-max", "b-5_FFF000", "bg-red", "o-50", "t-true", "bl-5",
            "e-grayscale", "e-usm-1-2-3-4", "e", "cr-FF0000", "if-w_gt_100", "if-else", "if-end", "l-text", "l-end",
            "w-auto", "dpr-auto", "w-iw", "w-iw_div_2", "h-ih_mul_0.5", "w-2_mul_iw", "dpr-iw_div_100", "h-bh_sub_10_add_2",
            "c-pad_resize", "c-maintain_ratio_no_enlarge", "c-extract", "f-gif", "f-svg", "f-jxl", "f-mp4", "f-webm",
            "vc-h264", "so-5", "custom-transform-123", "width-300", "W-300", "H-300", "foo", "-", "-300", "--", "w300", "tr",
            "q80", "%00-1", "é-1", "w_300", "w=300", "w%3D300", "undefined", "null", "<script>", "\"-1", "w%20-300",
        ].map { ("EUNSUPPORTED", $0, String($0.prefix { $0 != ":" && $0 != "%" })) }

    @Test(arguments: transformations)
    func `A wrong transformation is refused in the query and in the path`(code: String, text: String, piece: String) {
        let inPath = text.replacing("/", with: "%2F")
        for (target, place) in [("/demo/a.jpg?tr=w-7:\(text)", "step 2"), ("/demo/tr:w-7:\(inPath)/a.jpg", "segment 2")] {
            let error = failure(target)
            #expect(error?.code == code && error?.httpStatus == 400, "\(target): \(error?.headerValue ?? "parsed")")
            #expect(error?.message.contains(shown(piece)) == true, "\(target): \(error?.message ?? "")")
            if piece != "empty item" {
                #expect(error?.message.contains(place) == true, "\(target): \(error?.message ?? "")")
            }
            #expect(error?.isPresentable == true)
        }
    }

    /// What of a piece a message shows: decoded by the parser, then escaped for a header. Up to the first byte that
    /// is encoded either way the two agree.
    private func shown(_ piece: String) -> String {
        String(piece.prefix { $0.isASCII && $0 != "%" && $0 != "\"" && $0 != "," })
    }

    /// Whole targets: code, target, piece that the message must hold.
    static let targets: [(String, String, String)] = [
        ("EBADPATH", "", "slash"), ("EBADPATH", "demo/a.jpg", "slash"), ("EBADPATH", "http://h/demo/a.jpg", "slash"),
        ("EBADPATH", "*", "slash"), ("EBADPATH", "?tr=w-1", "slash"),
        ("EBADPATH", "/demo", "no image"), ("EBADPATH", "/demo/", "no image"), ("EBADPATH", "/demo?tr=w-1", "no image"),
        ("EBADPATH", "/demo/tr:w-1", "no image"), ("EBADPATH", "/demo/tr:w-1/", "no image"), ("EBADPATH", "/demo/?a.jpg", "no image"),
        ("ENOENT", "/", "segment 1"), ("ENOENT", "/other/a.jpg", "other"), ("ENOENT", "/Demo/a.jpg", "Demo"), ("ENOENT", "//demo/a.jpg", "segment 1"),
        ("ENOENT", "/tr:w-1/demo/a.jpg", "tr:w-1"), ("ENOENT", "/demo%2Fa.jpg", "demo/a.jpg"), ("ENOENT", "/./demo/a.jpg", "segment 1"),
        ("EBADPATH", "/demo//a.jpg", "segment 1"), ("EBADPATH", "/demo/a//b.jpg", "segment 2"), ("EBADPATH", "/demo/a.jpg/", "segment 2"),
        ("EBADPATH", "/demo/%2Fa.jpg", "segment 1"), ("EBADPATH", "/demo/a%2F%2Fb.jpg", "segment 2"), ("EBADPATH", "/demo/a.jpg%2F", "segment 2"),
        ("EBADPATH", "/demo/tr:w-1//a.jpg", "segment 1"),
        ("EBADPATH", "/demo/../a.jpg", "dot segments"), ("EBADPATH", "/demo/./a.jpg", "dot segments"), ("EBADPATH", "/demo/a/..", "dot segments"),
        ("EBADPATH", "/demo/%2e%2e/a.jpg", "dot segments"), ("EBADPATH", "/demo/.%2E/a.jpg", "dot segments"), ("EBADPATH", "/demo/%2e/a.jpg", "dot segments"),
        ("EBADPATH", "/demo/a%2F..%2Fb.jpg", "dot segments"), ("EBADPATH", "/demo/a%2F%2E%2e", "dot segments"), ("EBADPATH", "/demo/x/tr:w-1/../a.jpg", "dot segments"),
        ("EBADPATH", "/demo/a%00.jpg", "control byte"), ("EBADPATH", "/demo/a%0A.jpg", "control byte"), ("EBADPATH", "/demo/%0D%0AX:1", "control byte"),
        ("EBADPATH", "/demo/a%7F.jpg", "control byte"), ("EBADPATH", "/demo/a%09b", "control byte"), ("EBADPATH", "/demo/%1b[0m", "control byte"),
        ("EBADPATH", "/demo/a\u{0}.jpg", "raw byte"), ("EBADPATH", "/demo/a b.jpg", "raw byte"), ("EBADPATH", "/demo/a\n.jpg", "raw byte"),
        ("EBADPATH", "/demo/a.jpg?x=1 2", "raw byte"), ("EBADPATH", "/demo/a.jpg#top", "raw byte"), ("EBADPATH", "/demo/a\u{7f}.jpg", "raw byte"),
        ("EBADPATH", "/demo/a\\b.jpg", "backslash"), ("EBADPATH", "/demo/a%5Cb.jpg", "backslash"), ("EBADPATH", "/demo/..%5ca.jpg", "backslash"),
        ("EBADPATH", "/demo/%FF.jpg", "UTF-8"), ("EBADPATH", "/demo/%C3.jpg", "UTF-8"), ("EBADPATH", "/demo/%C0%AE%C0%AE/a.jpg", "UTF-8"),
        ("EBADPATH", "/demo/%ED%A0%80.jpg", "UTF-8"), ("EBADPATH", "/demo/%F8%88%80%80%80.jpg", "UTF-8"), ("EBADPATH", "/demo/a%80.jpg", "UTF-8"),
        ("EBADPATH", "/demo/a%zz.jpg", "%zz"), ("EBADPATH", "/demo/a%2.jpg", "%2."), ("EBADPATH", "/demo/a%", "%"), ("EBADPATH", "/demo/100%", "%25"),
        ("EBADPATH", "/demo/%u0041.jpg", "%u0"), ("EBADPATH", "/demo/% 41", "raw byte"), ("EBADPATH", "/demo/%-1.jpg", "%-1"), ("EBADPATH", "/demo/%%41", "%%4"),
        ("EBADPATH", "/demo/tr:w-3%/a.jpg", "segment 2"), ("EBADPATH", "/demo/a.jpg?tr=w-5%", "tr="), ("EBADPATH", "/demo/a.jpg?%=1", "query"),
        ("EBADPATH", "/demo/a%2Ftr:w-1%2Fb.jpg", "encoded slash"), ("EBADPATH", "/demo/a%2Ftr%3Aw-1", "encoded slash"),
        ("EBADTR", "/demo/tr:w-1%2Fa.jpg", "w-1/a.jpg"), ("EBADTR", "/demo/tr:w-%32x/a.jpg", "w-2x"), ("EBADTR", "/demo/a.jpg?tr=w-%2531", "w-%31"),
        ("EUNSUPPORTED", "/demo/https://example.com/a.jpg", "absolute URL"), ("EUNSUPPORTED", "/demo/https%3A%2F%2Fexample.com%2Fa.jpg", "absolute URL"),
        ("EUNSUPPORTED", "/demo/tr:w-1/http://example.com/a.jpg", "absolute URL"),
        ("EUNSUPPORTED", "/demo/a.gif/ik-thumbnail.jpg", "ik-thumbnail.jpg"), ("EUNSUPPORTED", "/demo/a/ik-video.mp4", "ik-video.mp4"),
        ("EUNSUPPORTED", "/demo/a.gif/ik-gif-video.mp4", "ik-gif-video.mp4"), ("EUNSUPPORTED", "/demo/a.mp4/ik-master.m3u8?tr=sr-240", "ik-master.m3u8"),
        ("EUNSUPPORTED", "/demo/ik-seo/a/b.jpg", "ik-seo"), ("EUNSUPPORTED", "/demo/ik-genimg-prompt-cat/a.jpg", "ik-genimg-prompt-cat"),
        ("EUNSUPPORTED", "/demo/a.jpg?ik-attachment=true", "ik-attachment"), ("EUNSUPPORTED", "/demo/a.jpg?ik-obj-version=1", "ik-obj-version"),
        ("EUNSUPPORTED", "/demo/a.jpg?ik%2Dattachment=true", "ik-attachment"), ("EUNSUPPORTED", "/demo/a.jpg?ik-debug", "ik-debug"),
        ("ESIGN", "/demo/a.jpg?ik-s=1&ik-s=1", "ik-s"), ("ESIGN", "/demo/a.jpg?ik-t=1&ik-t=1", "ik-t"), ("ESIGN", "/demo/a.jpg?ik-s=1&ik%2Ds=1", "ik-s"),
    ]

    @Test(arguments: targets)
    func `A wrong URL is refused`(code: String, target: String, piece: String) {
        let error = failure(target)
        #expect(error?.code == code, "\(target): \(error?.headerValue ?? "parsed")")
        #expect(error?.message.contains(piece) == true, "\(target): \(error?.message ?? "")")
        #expect(error?.isPresentable == true)
        #expect(error?.httpStatus == ["ENOENT": 404, "ESIGN": 401][code, default: 400])
    }

    @Test func `Bytes that are no UTF-8 are refused, raw too`() {
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
            #expect(failure(Array("/demo/".utf8) + bytes)?.code == "EBADPATH")
            #expect(failure(Array("/demo/a?x=".utf8) + bytes)?.code == "EBADPATH")
            #expect(failure(Array("/demo/a?tr=w-".utf8) + bytes)?.code == "EBADTR")
            #expect(failure(Array("/demo/a?tr=".utf8) + bytes)?.code == "EUNSUPPORTED")
        }
    }

    @Test func `Limits hold at the number that they name`() {
        let limits = ImageURLLimits(targetBytes: 60, pathBytes: 20, steps: 3, items: 4)
        let path = "/demo/" + String(repeating: "a", count: 20)
        #expect(failure(path, limits: limits) == nil)
        #expect(failure(path + "a", limits: limits)?.message.contains("20") == true)
        #expect(failure(path + "?" + String(repeating: "x", count: 33), limits: limits) == nil)
        #expect(failure(path + "?" + String(repeating: "x", count: 34), limits: limits)?.message.contains("60") == true)
        #expect(failure("/demo/tr:w-1:w-2/a?tr=w-3", limits: limits) == nil)
        #expect(failure("/demo/tr:w-1:w-2/a?tr=w-3:w-4", limits: limits)?.message.contains("w-4") == true)
        #expect(failure("/demo/tr:w-1,h-1/a?tr=w-3,h-1", limits: limits) == nil)
        #expect(failure("/demo/tr:w-1,h-1/a?tr=w-3,h-1,q-1", limits: limits)?.message.contains("q-1") == true)
        for target in [path + "a", path + "?" + String(repeating: "x", count: 34), "/demo/tr:w-1:w-2/a?tr=w-3:w-4"] {
            #expect(failure(target, limits: limits)?.code == "ELIMIT")
        }
    }

    @Test func `There are two hundred of them`() {
        #expect(Self.transformations.count * 2 + Self.targets.count > 200)
        print("malformed URLs:", Self.transformations.count * 2 + Self.targets.count)
    }
}
