import CacheProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Journal
import NIOCore

/// The REST API: ImageKit's purge (reference/imagekit-api.md §6), and our own commands with what that one can't say.
struct APIRoutes: Sendable {
    let desk: CommandDesk
    let resolver: CommandResolver

    private static let maxRequestBytes = 64 << 10
    /// Seconds that one question may be held open.
    private static let longestWait = 60

    func router(privateKey: String) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: JSONErrorMiddleware())
        router.add(middleware: PrivateKeyMiddleware(privateKey: privateKey))
        router.post("/v1/files/purge") { request, _ in try await purge(request) }
        router.get("/v1/files/purge/:id") { _, context in try await purgeStatus(context.parameters.get("id") ?? "") }
        router.post("/vignette/v1/commands") { request, _ in try await command(request) }
        router.get("/vignette/v1/commands/:revision") { request, context in
            try await commandStatus(context.parameters.get("revision") ?? "", wait: request.uri.queryParameters["wait"])
        }
        router.get("/vignette/v1/status") { _, _ in try await status() }
        return router
    }

    private func purge(_ request: Request) async throws -> Response {
        guard let body: PurgeRequestJSON = try await Self.decode(request) else {
            return APIError.answer(.badRequest, "The URL is not valid for cache purging.")
        }
        do {
            let command = try resolver.command(.hardPurge, .url(body.url))
            let entry = try await desk.submit(command, by: "api")
            return JSONAnswer.response(.created, PurgeAcceptedJSON(entry.revision))
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, "The URL is not valid for cache purging. \(refusal)")
        }
    }

    private func purgeStatus(_ id: String) async throws -> Response {
        guard let revision = PurgeAcceptedJSON.revision(of: id), let status = try await desk.status(of: revision) else {
            return APIError.answer(.badRequest, "No request found for this requestId.")
        }
        return JSONAnswer.response(.ok, PurgeStatusJSON(status: status.isCompleted ? "Completed" : "Pending"))
    }

    private func command(_ request: Request) async throws -> Response {
        guard let body: CommandRequestJSON = try await Self.decode(request) else {
            return APIError.answer(
                .badRequest, "The body is not {\"kind\": \"purge|erase|lift\", \"scope\": {\"url\"|\"source\"|\"all\": …}}.")
        }
        do {
            let (kind, subject) = try body.kindAndSubject()
            let by = try Self.author(body.by)
            let command = try resolver.command(kind, subject)
            let entry = try await desk.submit(command, by: by)
            guard let status = try await desk.status(of: entry.revision) else {
                return APIError.answer(.internalServerError, "Command \(entry.revision) was taken but can't be read back.")
            }
            return JSONAnswer.response(.created, CommandJSON(status))
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, refusal.description)
        }
    }

    private func commandStatus(_ text: String, wait: Substring?) async throws -> Response {
        guard let raw = UInt64(text) else {
            return APIError.answer(.badRequest, "\(text) is no revision; a revision is a whole number.")
        }
        var seconds = 0
        if let wait {
            guard let asked = Int(wait), asked >= 0 else {
                return APIError.answer(.badRequest, "wait is \(wait); it is a whole number of seconds.")
            }
            seconds = min(asked, Self.longestWait)
        }
        let revision = Revision(rawValue: raw)
        let status = try await desk.waitUntilCompleted(revision, timeout: UInt64(seconds) * 1000)
        guard let status else { return APIError.answer(.notFound, "There is no command \(text).") }
        return JSONAnswer.response(.ok, CommandJSON(status))
    }

    private func status() async throws -> Response {
        let nodes = await desk.memberStatuses().map {
            StatusJSON.Node(
                name: $0.identity.name, role: "\($0.identity.role)", acknowledged: $0.acknowledged.rawValue,
                leaseMilliseconds: $0.leaseLeft)
        }
        let commands = try await desk.recent(limit: 20).map { CommandJSON($0) }
        return JSONAnswer.response(
            .ok,
            StatusJSON(
                journal: desk.journalID.description, revision: await desk.head.rawValue, nodes: nodes, commands: commands))
    }

    /// Who ordered it, kept for good and shown to people.
    private static func author(_ by: String?) throws(CommandRefusal) -> String {
        guard let by else { return "api" }
        guard (1...200).contains(by.utf8.count), by.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw CommandRefusal("by holds 1 to 200 bytes without control characters.")
        }
        return by
    }

    private static func decode<Body: Decodable>(_ request: Request) async throws -> Body? {
        let bytes = try await request.body.collect(upTo: maxRequestBytes)
        return try? JSONDecoder().decode(Body.self, from: Data(bytes.readableBytesView))
    }
}
