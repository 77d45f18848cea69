/// Any key of a JSON object.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        return nil
    }
}

extension Decoder {
    /// A misspelt key would otherwise silently leave its default in force, and the result would describe another test
    /// than its author meant.
    func refuseKeys<Known: CodingKey & CaseIterable>(otherThan known: Known.Type) throws {
        let names = Known.allCases.map(\.stringValue)
        for key in try container(keyedBy: AnyKey.self).allKeys where !names.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(DecodingError.Context(
                codingPath: codingPath,
                debugDescription: "unknown key \"\(key.stringValue)\"; the keys are \(names.joined(separator: ", "))"
            ))
        }
    }
}
