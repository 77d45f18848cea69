/// What a load generator says of one round, whichever it was.
struct GeneratorResult: Equatable {
    var generator: String
    var requests: Int
    /// Of bodies at least; heads too where the generator does not tell them apart, and what was cut off by the end.
    var bytes: Int
    var microseconds: Int
    /// Microseconds; nil where it tells none.
    var p50: Int?
    var p99: Int?
    /// What went wrong, by its kind.
    var errors: [String: Int] = [:]
}
