import Foundation

/// Times as this API writes them: `2026-11-24T22:31:22.123Z` (reference/imagekit-api.md §0.4).
enum APITime {
    /// - Parameter milliseconds: since 1970.
    static func text(_ milliseconds: Int64) -> String {
        // Whole seconds by the calendar, the rest by hand: the nearest Double to 1.234 may be 1.2339999.
        let seconds = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
        let rest = String(milliseconds - seconds * 1000)
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(
            .iso8601.year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false))
        return whole.dropLast(whole.hasSuffix("Z") ? 1 : 0) + "." + String(repeating: "0", count: 3 - rest.count) + rest + "Z"
    }
}
