import CacheProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Journal
import NIOCore

/// `GET` and `PUT /vignette/v1/configuration`: the cluster's configuration, and a command that replaces it (docs/api.md).
struct ConfigurationRoutes: Sendable {
    let current: CurrentConfiguration
    let office: ConfigurationOffice
    let desk: CommandDesk

    private static let path: RouterPath = "/vignette/v1/configuration"
    private static let maxRequestBytes = 256 << 10

    func add(to router: Router<BasicRequestContext>) {
        router.get(Self.path) { _, _ in show() }
        router.put(Self.path) { request, _ in try await apply(request) }
    }

    private func show() -> Response {
        guard let inForce = current.value else {
            return APIError.answer(.serviceUnavailable, "This origin has not heard from the journal yet. Try again.")
        }
        return JSONAnswer.response(
            .ok, ConfigurationJSON(revision: inForce.revision.rawValue, document: inForce.document.forPeople))
    }

    /// `check=true`: only tells what it would do. `replace=ID`, any number of them: the storage ID may mean another place.
    /// `after=N`: only if the one in force is of revision N.
    private func apply(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let bytes = try await request.body.collect(upTo: Self.maxRequestBytes)
        do {
            let document = try ConfigurationDocument(json: Data(bytes.readableBytesView))
            let replaced = Set(query.getAll("replace"))
            if query["check"] == "true" {
                return JSONAnswer.response(.ok, ConfigurationPlanJSON(try await office.plan(document, replacing: replaced)))
            }
            let entry = try await office.order(
                document, replacing: replaced, after: try Self.expected(query["after"]),
                by: try CommandRequest.author(query["by"].map(String.init)))
            return try await CommandRoutes.taken(entry, desk)
        } catch let refusal as ConfigurationRefusal {
            return APIError.answer(.badRequest, refusal.description)
        } catch let refusal as CommandRefusal {
            return APIError.answer(.badRequest, refusal.description)
        } catch let conflict as ConfigurationConflict {
            return APIError.answer(.conflict, conflict.description)
        }
    }

    private static func expected(_ text: Substring?) throws(ConfigurationRefusal) -> Revision? {
        guard let text else { return nil }
        guard let revision = UInt64(text) else { throw ConfigurationRefusal(["after=\(text) is no revision."]) }
        return Revision(rawValue: revision)
    }
}

private struct ConfigurationJSON: Encodable {
    var revision: UInt64
    var document: ConfigurationDocument
}

private struct ConfigurationPlanJSON: Encodable {
    var changesNothing: Bool
    /// What is purged everywhere, and does not come back with what is added later.
    var revokedStorages: [String]
    var revokedEndpoints: [String]

    init(_ plan: ConfigurationOffice.Plan) {
        changesNothing = plan.changesNothing
        revokedStorages = plan.change.revokedStorages
        revokedEndpoints = plan.change.revokedSites
    }
}
