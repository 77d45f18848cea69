import CacheProtocol
import ErasureReceipt
import Foundation
import HTTPTypes
import Hummingbird
import Journal
import NIOCore

/// Receipts of erases, and the key that they are verified with.
struct ReceiptRoutes: Sendable {
    let desk: CommandDesk
    let signer: ReceiptSigner

    func add(to router: Router<BasicRequestContext>) {
        router.get("/vignette/v1/commands/:revision/receipt") { _, context in
            try await receipt(context.parameters.get("revision") ?? "")
        }
        router.get("/vignette/v1/receipt-key") { _, _ in
            JSONAnswer.response(.ok, ReceiptKeyJSON(signer.verifier))
        }
    }

    private func receipt(_ text: String) async throws -> Response {
        let revision: Revision
        do {
            revision = try APIRequest.revision(text)
        } catch {
            return APIError.answer(.badRequest, error.description)
        }
        // The removal first: what the status says more is later, and not less.
        guard let removal = try await desk.removal(of: revision), let status = try await desk.status(of: revision) else {
            let isCommand = try await desk.status(of: revision) != nil
            return APIError.answer(
                .notFound,
                isCommand ? "Command \(text) erases no source, so there is no receipt of it." : "There is no command \(text).")
        }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        guard let receipt = ErasureReceipt(status, removal, journal: desk.journalID, at: now) else {
            return APIError.answer(
                .conflict, "Command \(text) is not Completed yet: a node may still answer with what it erases.")
        }
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try signer.sign(receipt).file)))
    }
}

private struct ReceiptKeyJSON: Encodable {
    var algorithm = "Ed25519"
    /// 32 bytes in base64.
    var publicKey: String
    var pem: String
    var fingerprint: String

    init(_ verifier: ReceiptVerifier) {
        publicKey = verifier.rawBytes.base64EncodedString()
        pem = verifier.pem
        fingerprint = verifier.fingerprint
    }
}
