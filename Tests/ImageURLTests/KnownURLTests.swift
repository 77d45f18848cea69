import ImageURL
import Testing

/// What the official SDKs sign and build, as literals; the names are the case ids of the reference.
@Suite struct KnownURLTests {
    /// Case, account, private key, target as sent, signature.
    static let signatures: [(String, String, String, String, String)] = [
        ("c001", "demo", "dummy-key", "/demo/sdk-testing-files/future-search.png", "32dbbbfc5f945c0403c71b54c38e76896ef2d6b0"),
        ("c003", "demo", "dummy-key", "/demo/sdk-testing-files/%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80.png?tr=l-text,ie-4KS54KS%2F4KSo4KWN4KSm4KWA,co-red,fs-32,ff-sdk-testing-files@@Poppins-Regular_Q15GrYWmL.ttf,l-end", "ac9f24a03080102555e492185533c1ae6bd93fa7"),
        ("c005", "demo", "dummy-key", "/demo/sdk-testing-files/future-search.png?version=1.0&cache=false", "f2e5a1b8b6a0b03fd63789dfc6413a94acef9fd8"),
        ("c007", "demo", "dummy-key", "/demo/tr:w-300,h-200/sdk-testing-files/future-search.png?version=2.0", "dd1ee8f83d019bc59fd57a5fc4674a11eb8a3496"),
        ("c009", "test-endpoint", "private_key_test", "/test-endpoint/tr:w-100/test-signed-url.png", "41b3075c40bc84147eb71b8b49ae7fbf349d0f00"),
        ("c011", "test_url_endpoint", "test_private_key", "/test_url_endpoint/test_%C3%A9_path_alt.jpg", "09a329f06a5106a8b9c43de8fb6a64948fff7c59"),
        ("c013", "test_url_endpoint", "test_private_key", "/test_url_endpoint/tr:l-text,i-Imagekit%C3%A9,fs-50,l-end/a%C3%A9b/test_%C3%A9_path_alt.jpg", "d7f5aec0b7a766556dfc280bdf2e3466877d025f"),
        ("c015", "test_url_endpoint", "test_private_key", "/test_url_endpoint/test_'_path_alt.jpg", "da3545727d30e7cf57df3edb821b5f392f60b378"),
    ]

    @Test(arguments: signatures)
    func `A signature of an SDK is right, and only for its key`(
        name: String, account: String, key: String, target: String, digest: String
    ) throws {
        let endpoint = Endpoint(account: account)
        let signed = target + (target.contains("?") ? "&" : "?") + "ik-s=" + digest
        let signature = Signature(digest: digest)
        // Some carry layers, which do not parse yet; their signature is right all the same.
        if let request = try? ImageURLParser(endpoint: endpoint).parse(target: signed) {
            #expect(request.signature == signature)
        }
        let verifier = SignatureVerifier(endpoint: endpoint, keys: [key])
        #expect(verifier.verify(signature, target: signed, now: 1_800_000_000) == .valid(notAfter: nil))
        let other = SignatureVerifier(endpoint: endpoint, keys: [key + "x"])
        #expect(other.verify(signature, target: signed, now: 1_800_000_000) == .invalid)
    }

    /// Case, account, target as sent, canonical recipe.
    static let parsed: [(String, String, String, String)] = [
        ("c021", "test_url_endpoint", "/test_url_endpoint/test_path_alt.jpg", ""),
        ("c023", "test_url_endpoint", "/test_url_endpoint/tr:h-300,w-400/test_path.jpg", "w-400,h-300"),
        ("c025", "test_url_endpoint_alt", "/test_url_endpoint_alt/test_path.jpg?tr=h-300,w-400", "w-400,h-300"),
        ("c027", "test_url_endpoint", "/test_url_endpoint/test_path_alt.jpg?t1=v1&t2=v2&t3=v3&tr=h-300,w-400", "w-400,h-300"),
        ("c065", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=c-at_max", ""),
        ("c077", "test_url_endpoint", "/test_url_endpoint/base-image.jpg", ""),
        ("c105", "", "/test_path.jpg?tr=h-300,w-400", "w-400,h-300"),
        ("c107", "", "/test_path.jpg", ""),
        ("c127", "demo", "/demo/a.jpg?tr=w-300,h-200", "w-300,h-200"),
        ("c131", "demo", "/demo/a.jpg?tr=q-80", "q-80"),
        ("c133", "test_url_endpoint", "/test_url_endpoint/test_path.jpg?tr=h-300%2Cw-400", "w-400,h-300"),
        ("c149", "demo", "/demo/sample.jpg?tr=w-828,c-at_max", "w-828,c-at_max"),
        ("c149", "demo", "/demo/sample.jpg?tr=w-640,c-at_max", "w-640,c-at_max"),
    ]

    @Test(arguments: parsed)
    func `A URL of an SDK is understood`(name: String, account: String, target: String, recipe: String) throws {
        let request = try ImageURLParser(endpoint: Endpoint(account: account)).parse(target: target)
        #expect(request.recipe.canonical == recipe)
    }

    /// Case, account, target as sent, the first item that is not supported yet.
    static let unsupported: [(String, String, String, String)] = [
        ("c029", "test_url_endpoint", "/test_url_endpoint/test_path.jpg?tr=h-300,w-400,l-image,i-overlay.jpg,w-100,b-10_CDDC39,l-end", "l-image"),
        ("c031", "test_url_endpoint", "/test_url_endpoint/test_path.jpg?tr=h-300,w-400,b-20_FF0000", "b-20_FF0000"),
        ("c033", "test_url_endpoint", "/test_url_endpoint/test_path.jpg?tr=di-", "di-"),
        ("c035", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=di-test_path.jpg", "di-test_path.jpg"),
        ("c037", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=di-test_path.jpg,e-shadow-bl-15_st-40_x-10_y-N5", "di-test_path.jpg"),
        ("c039", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-bgremove", "e-bgremove"),
        ("c041", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-removedotbg", "e-removedotbg"),
        ("c043", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-gradient", "e-gradient"),
        ("c045", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-dropshadow-az-45", "e-dropshadow-az-45"),
        ("c047", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-shadow-bl-15_st-40_x-10_y-N5", "e-shadow-bl-15_st-40_x-10_y-N5"),
        ("c049", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-sharpen-10", "e-sharpen-10"),
        ("c051", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-usm-2-2-0.8-0.024", "e-usm-2-2-0.8-0.024"),
        ("c053", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=t-5", "t-5"),
        ("c055", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=w-iw_div_2", "w-iw_div_2"),
        ("c057", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=h-ih_mul_0.5", "h-ih_mul_0.5"),
        ("c059", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=ar-4_3", "ar-4_3"),
        ("c061", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=bg-FF0000", "bg-FF0000"),
        ("c063", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=bg-genfill", "bg-genfill"),
        ("c067", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=cm-extract", "cm-extract"),
        ("c069", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=fo-face", "fo-face"),
        ("c071", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=x-10", "x-10"),
        ("c073", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=xc-30", "xc-30"),
        ("c075", "test_url_endpoint", "/test_url_endpoint/test_path.jpg?tr=h-300,w-400,ar-4-3,q-40,c-force,cm-extract,fo-left,f-jpeg,r-50,bg-A94D34,b-5-A94D34,rt-90,bl-10,n-some_name,pr-true,lo-true,t-5,md-true,cp-true,di-folder@@file.jpg,dpr-3,e-sharpen-10,e-usm-2-2-0.8-0.024,e-contrast,e-grayscale,e-shadow-bl-15_st-40_x-10_y-N5,e-gradient-from-red_to-white,orig-true,h-200,w-300,l-image,i-logo.png,l-end", "ar-4-3"),
        ("c079", "test_url_endpoint", "/test_url_endpoint/tr:l-image,i-logo.png,l-end/base-image.jpg", "l-image"),
        ("c081", "test_url_endpoint", "/test_url_endpoint/tr:l-subtitles,i-subtitle.srt,l-end/base-video.mp4", "l-subtitles"),
        ("c083", "test_url_endpoint", "/test_url_endpoint/tr:l-text,i-Every%20thing,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,fs-20,ff-Arial,co-0000ff,ia-left,pa-5,al-7,tg-b,bg-red,r-10,rt-N45,fl-h,lh-20,l-end:l-image,i-logo.png,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,h-bh_mul_0.5,rt-N45,fl-h,l-text,i-Nested%20text%20overlay,l-end,l-end:l-video,i-play-pause-loop.mp4,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,l-end:l-subtitles,i-subtitle.srt,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,l-end:l-image,i-ik_canvas,bg-FF0000,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,h-bh_mul_0.5,rt-N45,fl-h,l-end/base-image.jpg", "l-text"),
        ("c085", "demo", "/demo/tr:l-image,ie-Y3VzdG9tZXJfbG9nby9OzIN5a2FhLnBuZw%3D%3D,l-end/medium_cafe_B1iTdD0C.jpg", "l-image"),
        ("c087", "demo", "/demo/tr:l-text,i-alnum123-._%20,l-end/medium_cafe_B1iTdD0C.jpg", "l-text"),
        ("c089", "demo", "/demo/tr:l-text,i-HelloWorld,l-end/sample.jpg", "l-text"),
        ("c091", "demo", "/demo/tr:l-image,i-customer@@logo.png,l-end/sample.jpg", "l-image"),
        ("c093", "demo", "/demo/tr:l-video,ie-cGF0aC90by92aWRlby5tcDQ%3D,l-end/sample.mp4", "l-video"),
        ("c095", "demo", "/demo/tr:l-subtitles,ie-c3ViLnNydA%3D%3D,l-end/sample.mp4", "l-subtitles"),
        ("c097", "test_url_endpoint", "/test_url_endpoint/tr:l-image,i-overlay-image.jpg,lm-multiply,l-end/base-image.jpg", "l-image"),
        ("c099", "test_url_endpoint", "/test_url_endpoint/tr:l-image,i-overlay-image.jpg,lm-cutout,l-end/base-image.jpg", "l-image"),
        ("c101", "test_url_endpoint", "/test_url_endpoint/tr:l-image,i-overlay-image.jpg,lxc-100,lyc-50,lap-top_left,l-end/base-image.jpg", "l-image"),
        ("c103", "demo", "/demo/a.jpg?tr=l-text,i-Hello,l-end", "l-text"),
        ("c109", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-dropshadow-custom-shadow-params", "e-dropshadow-custom-shadow-params"),
        ("c111", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=e-bgremove,e-dropshadow", "e-bgremove"),
        ("c113", "test_url_endpoint", "/test_url_endpoint/test_path1.jpg?tr=w-300,h-200,q-85,b-5_FF0000", "b-5_FF0000"),
        ("c115", "test_url_endpoint", "/test_url_endpoint/test_path.jpg?tr=h-300,w-400,ar-4-3,q-40,c-force,cm-extract,fo-left,f-jpeg,r-50,bg-A94D34,b-5-A94D34,rt-90,bl-10,n-some_name,pr-true,lo-true,t-5,md-true,cp-true,dn-72,di-folder@@file.jpg,dpr-3,x-10,y-20,xc-30,yc-40,fl-h,o-0.8,z-2,vc-h264,ac-aac,so-5,eo-15,du-10,sr-1440_1080,e-grayscale,e-upscale,e-retouch,e-genvar,e-dropshadow,e-changebg-prompt-car,e-edit-prompt-make%20it%20vintage,e-bgremove,e-contrast,e-shadow-bl-15_st-40_x-10_y-N5,e-sharpen-10,e-usm-2-2-0.8-0.024,e-gradient-from-red_to-white,cr-FF0000_10_0000FF,e-colorize-co-red_in-50,e-distort-p-10_20_100_20_100_200_10_200,orig-true,pg-2_4,h-200,w-300,l-image,i-logo.png,l-end", "ar-4-3"),
        ("c117", "test_url_endpoint", "/test_url_endpoint/tr:l-text,i-Every%20thing,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,fs-20,ff-Arial,co-0000ff,ia-left,pa-5,al-7,tg-b,bg-red,r-10,rt-N45,fl-h,lh-20,l-end:l-image,i-logo.png,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,h-bh_mul_0.5,rt-N45,fl-h,l-text,i-Nested%20text%20overlay,l-end,l-end:l-video,i-play-pause-loop.mp4,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,h-bh_mul_0.5,rt-N45,fl-h,l-end:l-subtitles,i-subtitle.srt,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,bg-red,co-0000ff,ff-Arial,fol-2_A1CCDD50,fsh-A1CCDD_3,l-end:l-image,i-ik_canvas,bg-FF0000,lx-10,ly-20,lfo-center,lso-5,leo-15,ldu-10,w-bw_mul_0.5,h-bh_mul_0.5,al-0.5,bg-red,e-gradient,r-max,l-end/base-image.jpg", "l-text"),
        ("c119", "demo", "/demo/tr:l-text,i-Manu,ff-nested-path@@Poppins-Regular_Q15GrYWmL.ttf,l-end/medium_cafe_B1iTdD0C.jpg", "l-text"),
        ("c121", "demo", "/demo/tr:l-text,ie-4KS54KS%2F4KSo4KWN4KSm4KWA,l-end/sample.jpg", "l-text"),
        ("c123", "test_url_endpoint", "/test_url_endpoint/tr:l-image,i-overlay.png,lm-cutter,l-end/base-image.jpg", "l-image"),
        ("c125", "test_url_endpoint", "/test_url_endpoint/tr:l-image,i-overlay.png,lm-displace,l-end/base-image.jpg", "l-image"),
        ("c129", "demo", "/demo/a.jpg?tr=custom-transform-123", "custom-transform-123"),
        ("c135", "test_url_endpoint", "/test_url_endpoint/tr:h-300,w-400:rt-90/test_path.jpg", "rt-90"),
        ("c137", "test_url_endpoint", "/test_url_endpoint/tr:h-300,w-400,ar-4-3,q-40,c-force,cm-extract,fo-left,f-jpeg,r-50,bg-A94D34,b-5-A94D34,rt-90,bl-10,n-some_name,pr-true,lo-true,t-5,md-true,cp-true,di-folder@@file.jpg,dpr-3,e-sharpen-10,e-usm-2-2-0.8-0.024,e-contrast-true,e-grayscale-true,orig-true,e-shadow-bl-15_st-40_x-10_y-N5,e-gradient-from-red_to-white,h-200,w-300,l-image,i-logo.png,l-end/test_path.jpg", "ar-4-3"),
        ("c139", "demo", "/demo/medium_cafe_B1iTdD0C.jpg?tr=h-300,w-300:rt-90", "rt-90"),
        ("c141", "demo", "/demo/tr:e-usm-5.00-5.00-5.00-5.00/medium_cafe_B1iTdD0C.jpg", "e-usm-5.00-5.00-5.00-5.00"),
        ("c143", "demo", "/demo/tr:w-300,h-300,cm-extract,x-100,y-300/medium_cafe_B1iTdD0C.jpg", "cm-extract"),
        ("c145", "demo", "/demo/tr:rt-auto/medium_cafe_B1iTdD0C.jpg", "rt-auto"),
        ("c147", "demo", "/demo/tr:di-medium_cafe_B1iTdD0C.jpg/non_existent_image.jpg", "di-medium_cafe_B1iTdD0C.jpg"),
    ]

    @Test(arguments: unsupported)
    func `A URL of an SDK that asks for more is refused by name`(
        name: String, account: String, target: String, item: String
    ) {
        let error = failure(target, endpoint: Endpoint(account: account))
        #expect(error?.code == "EUNSUPPORTED" && error?.httpStatus == 400)
        #expect(error?.message.contains("\"\(item)\"") == true, "\(error?.message ?? "parsed")")
    }

    @Test func `c019: an endpoint without a path names no image`() {
        let error = failure("/test_url_endpoint/", endpoint: Endpoint(account: "test_url_endpoint"))
        #expect(error?.code == "EBADPATH" && error?.httpStatus == 400)
    }
}
