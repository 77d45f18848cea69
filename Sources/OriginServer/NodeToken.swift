import HTTPTypes
import Hummingbird

/// Secrets are compared in a time that tells nothing of how near a guess was.
enum ConstantTime {
    static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Lets in who has the cluster's token; everybody else learns nothing.
struct NodeTokenMiddleware<Context: RequestContext>: RouterMiddleware {
    let token: String

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let given = request.headers[.authorization], ConstantTime.equal(given.utf8, "Bearer \(token)".utf8) else {
            return Response(
                status: .unauthorized, headers: [.wwwAuthenticate: "Bearer"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "The cache protocol needs the cluster's token.\n")))
        }
        return try await next(request, context)
    }
}
