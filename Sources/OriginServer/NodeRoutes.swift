import CacheProtocol
import Foundation
import Hummingbird
import Journal

/// What concerns the cluster's nodes: how they are, what they keep, and the end of those that do not come back.
struct NodeRoutes: Sendable {
    let desk: CommandDesk
    let intake: CommandIntake

    /// Milliseconds that nodes have to look through what they keep.
    private static let whereTimeout: UInt64 = 20_000

    func add(to router: Router<BasicRequestContext>) {
        router.get("/vignette/v1/status") { _, _ in try await status() }
        router.get("/vignette/v1/where") { request, _ in try await find(request) }
        router.post("/vignette/v1/nodes/:name/forget") { request, context in
            try await end(request, context) { try await desk.forget($0, by: $1) }
        }
        router.post("/vignette/v1/nodes/:name/declare-dead") { request, context in
            try await end(request, context, warning: Self.declaredDead) { try await desk.declareDead($0, by: $1) }
        }
    }

    private func status() async throws -> Response {
        let nodes = StatusJSON.nodes(await desk.knownMembers(), await desk.memberStatuses())
        let commands = try await desk.recent(limit: 20).map { CommandJSON($0) }
        return JSONAnswer.response(
            .ok,
            StatusJSON(
                journal: desk.journalID.description, revision: await desk.head.rawValue, nodes: nodes, commands: commands))
    }

    private func find(_ request: Request) async throws -> Response {
        guard let path = request.uri.queryParameters["source"].map(String.init), !path.isEmpty else {
            return APIError.answer(.badRequest, "Which source? Ask for where?source=PATH, with its path as one value.")
        }
        do {
            let sources = try await intake.sources(of: path)
            let answers = try await desk.ask(sources, timeout: Self.whereTimeout)
            return JSONAnswer.response(.ok, WhereJSON(path, sources, answers, members: await desk.knownMembers()))
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, refusal.description)
        }
    }

    /// - Parameter order: of the node's name, by whom.
    private func end(
        _ request: Request, _ context: BasicRequestContext, warning: String? = nil,
        _ order: (String, String) async throws -> JournalEntry
    ) async throws -> Response {
        let body = try await APIRequest.body(request, as: AuthorJSON.self)
        do {
            let author = try CommandRequest.author(body?.by)
            // The router hands on what stood in the path.
            let name = context.parameters.get("name").flatMap { $0.removingPercentEncoding } ?? ""
            let entry = try await order(name, author)
            return try await CommandRoutes.taken(entry, desk, warning: warning)
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, refusal.description)
        } catch let error as JournalError where error.isRefusal {
            return APIError.answer(.badRequest, error.description)
        } catch let error as JournalError where error.isUnknownNode {
            return APIError.answer(.notFound, error.description)
        }
    }

    private struct AuthorJSON: Decodable {
        var by: String?
    }

    static let declaredDead = """
        No lease of this node is waited for any more. If its process still runs, be it cut off or paused, it goes on answering \
        with what completed commands forbid, for as long as its lease lasts. Receipts say that it was declared dead.
        """
}
