/// What kept the edge from listening. Equal on the kind only.
public struct EdgeHTTPError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// A setting that cannot be.
        case configuration
        /// The address cannot be bound.
        case bind
        /// It was started or shut down before.
        case notStartable
    }

    public let kind: Kind
    public let description: String

    public static func == (left: EdgeHTTPError, right: EdgeHTTPError) -> Bool {
        left.kind == right.kind
    }

    static func configuration(_ mistake: String) -> EdgeHTTPError {
        EdgeHTTPError(kind: .configuration, description: "The edge cannot listen as configured: \(mistake).")
    }

    static func bind(host: String, port: Int, _ error: any Error) -> EdgeHTTPError {
        EdgeHTTPError(
            kind: .bind,
            description: "The edge could not listen on \(host):\(port): \(error). "
                + "Is the port taken, or the address not this machine's? (listen.host, listen.port)"
        )
    }

    static let notStartable = EdgeHTTPError(
        kind: .notStartable, description: "The edge's listener was started or shut down before; make a new one."
    )
}
