import Foundation
import HTTPTypes
import Hummingbird

/// HTTP Basic with the private key as the user; the password is whatever the SDK puts there (reference §0.2).
struct PrivateKeyMiddleware<Context: RequestContext>: RouterMiddleware {
    let privateKey: String

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("basic ") else {
            return APIError.answer(.unauthorized, "Your request does not contain private API key.")
        }
        guard ConstantTime.equal(Self.user(header.dropFirst("basic ".count)).utf8, privateKey.utf8) else {
            return APIError.answer(.forbidden, "Your account cannot be authenticated.")
        }
        return try await next(request, context)
    }

    /// The official form is Base64 of `key:password`; the bare key is allowed too.
    private static func user(_ credentials: Substring) -> String {
        guard let data = Data(base64Encoded: String(credentials)), let text = String(data: data, encoding: .utf8),
            let colon = text.firstIndex(of: ":")
        else { return String(credentials) }
        return String(text[..<colon])
    }
}

/// The one shape of every error of the API (reference §0.3): the SDKs index both fields without asking.
struct APIError: Encodable {
    let message: String
    let help: String

    static func answer(_ status: HTTPResponse.Status, _ message: String) -> Response {
        JSONAnswer.response(
            status, APIError(message: message, help: "docs/api.md tells what this API takes; the origin's log says more."))
    }
}

enum JSONAnswer {
    static func response(_ status: HTTPResponse.Status, _ value: some Encodable) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            return Response(status: .internalServerError)
        }
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}
