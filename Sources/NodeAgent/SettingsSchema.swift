internal import Foundation

/// The keys that a node's file may hold, and their types. A misspelt key or a number in quotes would otherwise be a
/// default that nobody asked for.
public struct SettingsSchema: Sendable {
    public enum Kind: String, Sendable {
        case text = "a text"
        case number = "a whole number"
        case flag = "true or false"
        case texts = "a list of texts"
    }

    private let kinds: [String: Kind]

    /// The keys of `NodeSettings`, and those given.
    public init(_ kinds: [String: Kind]) {
        self.kinds = kinds.merging([
            "node.name": .text, "node.data": .text, "node.token-file": .text, "log.level": .text,
            "telemetry.host": .text, "telemetry.port": .number,
        ]) { $1 }
    }

    /// - Throws: the first thing that is wrong in the file or in a `VIGNETTE_` variable, by its key.
    func check(file: String, environment: [String: String]) throws(SettingsError) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw SettingsError("The configuration file \(file) can't be read.")
        }
        let object: Any
        do { object = try JSONSerialization.jsonObject(with: data) } catch {
            let detail = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
            throw SettingsError("\(file) is no JSON. \(detail)")
        }
        guard let settings = object as? [String: Any] else { throw SettingsError("\(file) is no JSON object.") }
        try check(settings, under: "", file)
        for (key, kind) in kinds where kind != .text && kind != .texts {
            let name = "VIGNETTE_" + key.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
            guard let value = environment[name] else { continue }
            let fits = kind == .number ? Int(value) != nil : Bool(value) != nil
            guard fits else { throw SettingsError("\(name) is \"\(value)\"; \(key) is \(kind.rawValue).") }
        }
    }

    private func check(_ settings: [String: Any], under prefix: String, _ file: String) throws(SettingsError) {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            let key = prefix + name
            if let inner = value as? [String: Any] {
                try check(inner, under: key + ".", file)
                continue
            }
            guard let kind = kinds[key] else {
                throw SettingsError("\(file) holds \"\(key)\", which is no setting of this node. docs/configuration.md lists them.")
            }
            guard Self.fits(value, kind) else {
                throw SettingsError("\(file): \(key) is \(kind.rawValue), not \(value).")
            }
        }
    }

    private static func fits(_ value: Any, _ kind: Kind) -> Bool {
        // JSONSerialization gives numbers and Booleans as NSNumber; only its type tells them apart.
        let isFlag = (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
        return switch kind {
        case .text: value is String
        case .number: !isFlag && value is Int
        case .flag: isFlag
        case .texts: value is [String]
        }
    }
}
