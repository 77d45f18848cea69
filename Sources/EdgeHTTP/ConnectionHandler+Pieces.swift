internal import Logging
internal import NIOCore

/// Long bodies of connections that encrypt: as many pieces at a time as the channel holds.
extension ConnectionHandler {
    /// Whole TLS records (RFC 8446 §5.1).
    private static let pieceBytes = 64 * 1024

    func send(_ body: BodyPieces, _ completion: Completion) {
        longExchange = completion
        pieces = body
        startSending()
        sendPieces()
    }

    func sendPieces() {
        guard let context else { return }
        while var body = pieces, !body.isEmpty, context.channel.isWritable {
            guard let piece = body.take(Self.pieceBytes, inPiecesOf: Self.pieceBytes, room: 0)?.first else {
                // Less comes than the head has promised: the client must see that it has not got the whole.
                loop.log.error("A cached file is shorter than its record says; its answer is broken off")
                return abort()
            }
            pieces = body
            give(piece)
            flush()
        }
        guard let body = pieces, body.isEmpty else { return }
        pieces = nil
        longAnswerEnded(.success(()))
    }
}
