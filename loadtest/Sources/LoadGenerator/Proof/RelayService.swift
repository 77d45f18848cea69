/// Relays of a process that does nothing else.
public enum RelayService {
    /// Starts a relay for each `ADDRESS:PORT=ADDRESS:PORT`; they live as long as the process.
    /// - Throws: what can't be read, or listened at.
    public static func start(_ ports: [String]) throws {
        for text in ports {
            let places = text.split(separator: "=").map { $0.split(separator: ":") }
            guard places.count == 2, places.allSatisfy({ $0.count == 2 }), let from = Int(places[0][1]), let to = Int(places[1][1])
            else { throw LoadTestError(.target, "\"\(text)\" is not ADDRESS:PORT=ADDRESS:PORT") }
            _ = try LinkRelay(
                host: String(places[0][0]), port: from, target: to, targetHost: String(places[1][0]))
        }
    }
}
