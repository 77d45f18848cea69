import CacheProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Journal
import NIOCore

/// The REST API: ImageKit's purge (reference/imagekit-api.md §6), and beside it our own with what that one can't say.
struct APIRoutes: Sendable {
    let commands: CommandRoutes
    let nodes: NodeRoutes
    let receipts: ReceiptRoutes
    let configuration: ConfigurationRoutes

    func router(privateKey: String) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: JSONErrorMiddleware())
        router.add(middleware: PrivateKeyMiddleware(privateKey: privateKey))
        commands.add(to: router)
        nodes.add(to: router)
        receipts.add(to: router)
        configuration.add(to: router)
        return router
    }
}

/// What requests of this API have in common.
enum APIRequest {
    /// Nil when the body is not such JSON.
    static func body<Body: Decodable>(
        _ request: Request, as _: Body.Type = Body.self, limit: Int = 64 << 10
    ) async throws -> Body? {
        let bytes = try await request.body.collect(upTo: limit)
        return try? JSONDecoder().decode(Body.self, from: Data(bytes.readableBytesView))
    }

    static func revision(_ text: String) throws(CommandRefusal) -> Revision {
        guard let raw = UInt64(text) else {
            throw CommandRefusal("\(text.prefix(100)) is no revision; a revision is a whole number.")
        }
        return Revision(rawValue: raw)
    }

    /// For how long the answer may be held back: milliseconds.
    static func wait(_ request: Request) throws(CommandRefusal) -> UInt64 {
        guard let text = request.uri.queryParameters["wait"] else { return 0 }
        guard let seconds = UInt64(text) else {
            throw CommandRefusal("wait is \(text.prefix(100)); it is a whole number of seconds.")
        }
        return min(seconds, longestWait) * 1000
    }

    private static let longestWait: UInt64 = 60
}
