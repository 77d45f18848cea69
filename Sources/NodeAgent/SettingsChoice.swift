public import Configuration

extension ConfigReader {
    /// One of a few words.
    /// - Throws: what the words are, by the key.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        forKey key: String, default fallback: Choice
    ) throws(SettingsError) -> Choice where Choice.RawValue == String {
        guard let word = string(forKey: ConfigKey(key)) else { return fallback }
        guard let choice = Choice(rawValue: word) else {
            let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw SettingsError("\(key) is \"\(word)\"; it is \(words).")
        }
        return choice
    }
}
