import ImageURL
import Testing
import WorkerProtocol
@testable import WorkerPool

struct TransformErrorTests {
    @Test func saysWhatIsWrongWithWhichStatus() {
        let cases: [(TransformFailure, Int, String)] = [
            (TransformFailure(.notAnImage), 400, "ENOTIMAGE"),
            (TransformFailure(.unsupported, subject: "a PDF document"), 400, "EUNSUPPORTED"),
            (TransformFailure(.corrupt, subject: "SVG"), 400, "ECORRUPT"),
            (TransformFailure(.truncated, subject: "JPEG"), 400, "ECORRUPT"),
            (.tooLarge(.inputPixels, actual: 3_600_000_000, allowed: 100_000_000), 400, "ELIMIT"),
            (TransformFailure(.internalError, diagnostic: "secret path"), 500, "EINTERNAL"),
        ]
        for (failure, status, code) in cases {
            let error = TransformError(failure)
            #expect(error.httpStatus == status)
            #expect(error.ikError == code)
            #expect(!error.isRetryable)
            #expect(error.message.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(!error.message.contains("secret"))
        }
        #expect(TransformError.deadline.httpStatus == 504)
        #expect(TransformError.crashed().httpStatus == 500)
        #expect(TransformError.overloaded.httpStatus == 503)
        #expect(TransformError.overloaded.isRetryable)
    }

    @Test func messagesNameNumbersAndKinds() {
        #expect(
            TransformError(.tooLarge(.inputPixels, actual: 3_600, allowed: 100)).message
                == "the source has 3600 pixels; 100 are allowed")
        #expect(
            TransformError(.tooLarge(.outputSide, actual: 20_000, allowed: 16_383, subject: "webp")).message
                == "a side of the result would be 20000 pixels long; webp can hold 16383")
        #expect(TransformError(TransformFailure(.corrupt, subject: "AVIF")).message.contains("an AVIF image"))
        #expect(TransformError(TransformFailure(.truncated, subject: "JPEG")).message.contains("a JPEG image"))
    }

    /// A worker that was taken over must not be able to have a page sent as an image, or the other way round.
    @Test func aResultMustBeginLikeItsFormat() {
        let page = Array("<!DOCTYPE html><script>".utf8)
        for format in OutputFormat.allCases {
            #expect(!format.matches(page))
            #expect(!format.matches([]))
        }
        #expect(!OutputFormat.svg.matches(Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8)))
        #expect(OutputFormat.jpeg.matches([0xFF, 0xD8, 0xFF, 0xE0]))
        #expect(!OutputFormat.png.matches([0xFF, 0xD8, 0xFF, 0xE0]))
    }
}
