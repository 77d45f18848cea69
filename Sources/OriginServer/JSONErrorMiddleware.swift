import HTTPTypes
import Hummingbird

/// Gives the router's own refusals (no such path, a body that is too long) the shape of every other error of the API.
struct JSONErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as any HTTPResponseError {
            return APIError.answer(error.status, (error as? HTTPError)?.body ?? Self.words(error.status, request))
        }
    }

    private static func words(_ status: HTTPResponse.Status, _ request: Request) -> String {
        switch status {
        case .notFound: "There is no \(request.method.rawValue) \(request.uri.path) in this API."
        case .contentTooLarge: "The body is longer than this API takes."
        default: status.reasonPhrase
        }
    }
}
