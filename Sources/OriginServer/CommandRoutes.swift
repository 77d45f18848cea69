import CacheProtocol
import HTTPTypes
import Hummingbird
import Journal

/// Ordering commands, and telling how far they are.
struct CommandRoutes: Sendable {
    let desk: CommandDesk
    let intake: CommandIntake

    /// The longest URLs, as many as one request may hold, with room for the rest.
    private static let maxRequestBytes = 4 << 20

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/files/purge") { request, _ in try await purge(request) }
        router.get("/v1/files/purge/:id") { _, context in try await purgeStatus(context.parameters.get("id") ?? "") }
        router.post("/vignette/v1/commands") { request, _ in try await order(request) }
        router.get("/vignette/v1/commands/:revision") { request, context in
            try await status(request, context.parameters.get("revision") ?? "")
        }
    }

    // MARK: ImageKit's purge

    private func purge(_ request: Request) async throws -> Response {
        guard let body = try await APIRequest.body(request, as: PurgeRequestJSON.self) else {
            return APIError.answer(.badRequest, Self.notValid)
        }
        do {
            let entries = try await intake.take([(.hardPurge, .url(body.url))], by: "api")
            return JSONAnswer.response(.created, PurgeAcceptedJSON(entries[0].revision))
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, "\(Self.notValid) \(refusal)")
        }
    }

    private func purgeStatus(_ id: String) async throws -> Response {
        guard let revision = PurgeAcceptedJSON.revision(of: id), let status = try await desk.status(of: revision) else {
            return APIError.answer(.badRequest, "No request found for this requestId.")
        }
        return JSONAnswer.response(.ok, PurgeStatusJSON(status: status.isCompleted ? "Completed" : "Pending"))
    }

    private static let notValid = "The URL is not valid for cache purging."

    // MARK: Our own commands

    private func order(_ request: Request) async throws -> Response {
        guard let body = try await APIRequest.body(request, as: CommandRequest.self, limit: Self.maxRequestBytes) else {
            return APIError.answer(
                .badRequest,
                "The body is not {\"kind\": \"purge|soft-purge|erase|lift\", \"scope\": {\"url|source|prefix|tag|site\": \"…\"}}.")
        }
        do {
            let entries = try await intake.take(try body.orders(), by: try body.author())
            guard !body.isBulk else {
                return JSONAnswer.response(.created, CommandsTakenJSON(revisions: entries.map(\.revision.rawValue)))
            }
            return try await Self.taken(entries[0], desk)
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, refusal.description)
        }
    }

    /// The answer to a command that stands in the journal.
    static func taken(_ entry: JournalEntry, _ desk: CommandDesk, warning: String? = nil) async throws -> Response {
        guard let status = try await desk.status(of: entry.revision) else {
            return APIError.answer(.internalServerError, "Command \(entry.revision) was taken but can't be read back.")
        }
        return JSONAnswer.response(.created, CommandJSON(status, warning: warning))
    }

    private func status(_ request: Request, _ text: String) async throws -> Response {
        do {
            let revision = try APIRequest.revision(text)
            let patience = try APIRequest.wait(request)
            let status: CommandStatus?
            if request.uri.queryParameters["removed"] == "1",
                try await desk.waitUntilRemoved(revision, timeout: patience) != nil
            {
                status = try await desk.status(of: revision)
            } else {
                status = try await desk.waitUntilCompleted(revision, timeout: patience)
            }
            guard let status else { return APIError.answer(.notFound, "There is no command \(text).") }
            return JSONAnswer.response(
                .ok, CommandJSON(status, removal: try await desk.removal(of: revision).map(RemovalJSON.init)))
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, refusal.description)
        }
    }
}
