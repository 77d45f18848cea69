/// Why the CLI could not do what it was asked. For people: what is wrong, where, and what to do about it.
struct OperatorError: Error, Equatable, CustomStringConvertible {
    enum Kind {
        /// No readable cluster.json.
        case cluster
        /// The API could not be reached. Trying again may help.
        case unreachable
        /// The API answered, and not with what was asked for.
        case refused
        /// The API's answer makes no sense to this version.
        case answer
        /// A file of the operator's can't be read or written, or a key is none.
        case file
        /// A receipt proves nothing.
        case receipt
    }

    var kind: Kind
    var description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
