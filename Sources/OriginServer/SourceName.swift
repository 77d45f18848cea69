import Foundation
import ImageURL

/// The path of a source image, or the beginning of one, as an operator writes it: as in a URL, percent-decoded once, or as
/// it is where a URL could not hold it (a space, an accent).
enum SourceName {
    static func read(_ path: String, by served: ServedConfiguration) throws(CommandRefusal) -> String {
        guard !path.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw CommandRefusal(
                "\(path): a source is named by its path alone. Where the file's own name has a ? or #, write %3F or %23.")
        }
        return try read(target: target(path, of: served), named: path, by: standard(of: served))
    }

    /// - Parameter prefix: a `*` at its end is how people write it, and says nothing.
    static func read(prefix: String, by served: ServedConfiguration) throws(CommandRefusal) -> String {
        let text = prefix.hasSuffix("*") ? String(prefix.dropLast()) : prefix
        guard !text.contains(where: { $0 == "?" || $0 == "#" || $0 == "*" }) else {
            throw CommandRefusal(
                "\(prefix): a prefix is the beginning of a path, without ?, # and *. Where a file's own name has one, write %3F, %23 or %2A."
            )
        }
        return try read(prefixTarget: target(text, of: served), named: prefix, by: standard(of: served))
    }

    /// - Parameter target: a URL's path up to its `*`.
    static func read(
        prefixTarget target: String, named text: String, by endpoint: ServedEndpoint
    ) throws(CommandRefusal) -> String {
        // A prefix may end anywhere, behind a slash too, but a path may not: with one letter more it is a path, if it is
        // the prefix of any. The letter is no hexadecimal digit, so that it completes no percent escape.
        let path = String(try read(target: target + "x", named: text, by: endpoint).dropLast())
        guard !path.isEmpty else {
            throw CommandRefusal("\(text) names everything. Say so: the scope all, or a site.")
        }
        let last = path.split(separator: "/", omittingEmptySubsequences: false).last
        guard last != ".", last != ".." else {
            throw CommandRefusal("\(text): write the path without dot segments")
        }
        return path
    }

    private static func standard(of served: ServedConfiguration) -> ServedEndpoint {
        // There is always a default endpoint, be it one without storages.
        served[""] ?? served.select(target: "/")
    }

    private static func read(
        target: String, named text: String, by endpoint: ServedEndpoint
    ) throws(CommandRefusal) -> String {
        let image: ImageRequest
        do throws(ImageURLError) {
            image = try endpoint.parser.parse(target: target)
        } catch {
            throw CommandRefusal("\(text): \(error.message)")
        }
        let segments = target.split(separator: "/")
        guard !segments.contains(where: { ($0.removingPercentEncoding ?? "").hasPrefix("tr:") }) else {
            throw CommandRefusal("\(text) holds a transformation. A source is named by its path alone.")
        }
        return image.sourcePath
    }

    /// A target of the account's default endpoint, so that no path is taken for another endpoint's. What a URL could not
    /// hold is encoded for the asker.
    private static func target(_ path: String, of served: ServedConfiguration) -> String {
        let account = standard(of: served).endpoint.account
        var target = Array((account.isEmpty ? "/" : "/\(account)/").utf8)
        for byte in path.utf8.drop(while: { $0 == UInt8(ascii: "/") }) {
            if unreserved.contains(byte) {
                target.append(byte)
            } else {
                target += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: target, as: UTF8.self)
    }

    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%!$&'()*+,;=:@".utf8)
    private static let hex = Array("0123456789ABCDEF".utf8)
}
