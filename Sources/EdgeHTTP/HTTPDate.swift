/// Dates of HTTP (RFC 9110 §5.6.7), by arithmetic on the civil calendar: no time zone and no locale has a say.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    ///
    /// - Parameter seconds: Since 1970; what lies outside the years 0 to 9999, which the form cannot say, ends at them.
    static func text(_ seconds: Int64) -> String {
        let seconds = min(max(seconds, -62_167_219_200), 253_402_300_799)
        let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let second = seconds - day * 86_400
        let (year, month, date) = civil(day)
        let weekday = days[Int(((day % 7) + 7) % 7)]
        return String(unsafeUninitializedCapacity: 29) { bytes in
            var place = 0
            func put(_ byte: UInt8) {
                bytes.initializeElement(at: place, to: byte)
                place += 1
            }
            func put(_ text: String) { for byte in text.utf8 { put(byte) } }
            func put(digits number: Int) {
                put(UInt8(ascii: "0") + UInt8(number / 10))
                put(UInt8(ascii: "0") + UInt8(number % 10))
            }
            put(weekday)
            put(", ")
            put(digits: date)
            put(UInt8(ascii: " "))
            put(months[month - 1])
            put(UInt8(ascii: " "))
            put(digits: year / 100)
            put(digits: year % 100)
            put(UInt8(ascii: " "))
            put(digits: Int(second / 3600))
            put(UInt8(ascii: ":"))
            put(digits: Int(second / 60 % 60))
            put(UInt8(ascii: ":"))
            put(digits: Int(second % 60))
            put(" GMT")
            return place
        }
    }

    /// Reads all three forms that a server must read.
    ///
    /// - Returns: Seconds since 1970; nil for what is no date.
    static func parse(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        if words.count == 6, words[0].hasSuffix(","), words[5] == "GMT" {
            return seconds(year: number(words[3], 4), month: words[2], day: number(words[1], 2), time: words[4])
        }
        if words.count == 4, words[0].hasSuffix(","), words[3] == "GMT" {
            let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, let short = number(parts[2], 2) else { return nil }
            // RFC 850's two digits: whoever sends them today means the year nearest to these.
            return seconds(year: short + (short < 70 ? 2000 : 1900), month: parts[1], day: number(parts[0], 2), time: words[2])
        }
        if words.count == 5 {
            let day = words[2].utf8.count == 1 ? number(words[2], 1) : number(words[2], 2)
            return seconds(year: number(words[4], 4), month: words[1], day: day, time: words[3])
        }
        return nil
    }

    private static func seconds(year: Int?, month: Substring, day: Int?, time: Substring) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let year, let day, parts.count == 3, let month = months.firstIndex(where: { $0 == month }),
            let hour = number(parts[0], 2), let minute = number(parts[1], 2), let second = number(parts[2], 2),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let civil = daysFromCivil(year: year, month: month + 1, day: day)
        return civil * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private static func number(_ text: Substring, _ width: Int) -> Int? {
        guard text.utf8.count == width, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// Years are counted from March, so that the day that comes and goes is the last one of a year; 400 of them, an era,
    /// always have 146,097 days. Day 0 of era 0 is 719,468 days before 1970-01-01.
    private static func civil(_ day: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = Int(shifted - era * 146_097)
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * fromMarch + 2) / 5 + 1)
    }

    private static func daysFromCivil(year: Int, month: Int, day: Int) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let ofEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear
        return Int64(era) * 146_097 + Int64(ofEra) - 719_468
    }
}
