/// What becomes of that which was not synced.
struct CrashPolicy: CustomStringConvertible {
    enum Keeping: Equatable {
        case none, all
        /// What came before this change.
        case before(Int)
        /// Each by chance, on its own.
        case some
    }

    enum Lengths: String { case ofData, newest, any }
    enum Unwritten: String { case zeros, noise, stale }

    var data: Keeping
    var names: Keeping
    /// Where a write may be torn; nil: it is there or not.
    var block: Int?
    var lengths = Lengths.ofData
    var unwritten = Unwritten.zeros
    var seed: UInt64 = 0

    static let nothing = CrashPolicy(data: .none, names: .none)
    static let everything = CrashPolicy(data: .all, names: .all)

    var keepsEverything: Bool { data == .all && names == .all }

    /// All kinds, with chance where there is any; what asks most of a cache first, because a state is looked at once.
    /// - Parameter sequence: of the change that came last.
    static func all(_ sequence: Int, _ generator: inout SeededGenerator) -> [CrashPolicy] {
        func policy(
            _ data: Keeping, _ names: Keeping, block: Int? = nil, _ lengths: Lengths = .any, _ unwritten: Unwritten = .zeros
        ) -> CrashPolicy {
            CrashPolicy(
                data: data, names: names, block: block, lengths: lengths, unwritten: unwritten, seed: generator.next())
        }
        let limit = Int.random(in: 0...sequence, using: &generator)
        return [
            .everything, .nothing,
            policy(.none, .all, .ofData), policy(.none, .all, .newest), policy(.none, .all, .newest, .noise),
            policy(.none, .all, .newest, .stale), policy(.all, .none, .ofData), policy(.all, .some, .ofData),
            policy(.before(limit), .before(limit), .ofData), policy(.before(limit), .all, .ofData),
            policy(.some, .some), policy(.some, .all), policy(.some, .all, block: 512),
            policy(.some, .some, block: 4096), policy(.some, .all, block: 4096, .newest, .noise),
            policy(.some, .some, block: 512, .any, .stale),
        ]
    }

    var description: String {
        "data \(data), names \(names), torn at \(block ?? 0), lengths \(lengths), unwritten \(unwritten), seed \(seed)"
    }
}
