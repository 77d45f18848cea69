import Foundation

enum HTTPDate {
    /// Seconds since 1970 of an IMF-fixdate (RFC 9110 §5.6.7); nil for anything else.
    static func seconds(_ text: String?) -> Int64? {
        guard let text else { return nil }
        return formatter().date(from: text).map { Int64($0.timeIntervalSince1970) }
    }

    /// The IMF-fixdate of these seconds since 1970.
    static func text(_ seconds: Int64) -> String {
        formatter().string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
    }

    private static func formatter() -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }
}
