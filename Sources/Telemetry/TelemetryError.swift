internal import Glibc

/// What kept telemetry from starting. Equal on the kind only.
public struct TelemetryError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The operating system refused something.
        case system
        /// The listener's address cannot be bound.
        case bind
    }

    public let kind: Kind
    public let description: String

    public static func == (left: TelemetryError, right: TelemetryError) -> Bool {
        left.kind == right.kind
    }

    static func system(_ what: String, _ code: CInt) -> TelemetryError {
        TelemetryError(kind: .system, description: "Could not \(what): \(String(cString: strerror(code)))")
    }

    static func bind(host: String, port: Int, _ error: any Error) -> TelemetryError {
        TelemetryError(
            kind: .bind,
            description: "The telemetry listener could not listen on \(host):\(port): \(error). "
                + "Is the port taken, or the address not this machine's? (telemetry.host, telemetry.port)"
        )
    }
}
