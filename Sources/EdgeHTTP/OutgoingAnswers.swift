internal import CacheProtocol

/// Which objects' bytes a connection has been given to send and may not have sent yet: what an erase has to know.
///
/// The channel says how many bytes it holds, not whose, and asking it at every answer would cost more than the rest of
/// this; so answers are noted with the place where they end, and forgotten when the channel was asked for another reason.
struct OutgoingAnswers {
    private var answers: [(object: Representation, end: Int)] = []
    /// All bytes that were ever given to the channel.
    private var given = 0
    /// Of those that are noted, or lay between them: bytes that were never sent, and will not be.
    private var lost = 0
    private static let most = 32

    /// - Parameter object: Nil for what shows no byte of any.
    mutating func append(_ object: Representation?, bytes: Int) {
        given += bytes
        guard let object else { return }
        // A long one comes in pieces.
        if let last = answers.last, last.object === object {
            answers[answers.count - 1].end = given
        } else {
            answers.append((object, given))
        }
    }

    var isEmpty: Bool { answers.isEmpty }

    /// As many are noted as should be before the channel is asked.
    var isCrowded: Bool { answers.count >= Self.most }

    /// Where among the answers that was is not known: so that none is forgotten too early, all count as unsent.
    mutating func dropped(_ bytes: Int) {
        if !isEmpty { lost += bytes }
    }

    /// Forgets the answers that are sent whole.
    ///
    /// - Parameter unsent: Bytes that the peer has not got yet.
    mutating func keep(unsent: Int) {
        if unsent == 0 { answers = [] } else { answers.removeAll { $0.end <= given - unsent - lost } }
        if answers.isEmpty { lost = 0 }
    }

    func count(where isMeant: (ObjectMetadata) -> Bool) -> Int {
        answers.count { isMeant($0.object.metadata) }
    }
}
