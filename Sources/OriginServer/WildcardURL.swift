import Foundation

/// A URL with a `*` at its end, as ImageKit's purge takes it (reference/imagekit-transformations.md §7): everything whose
/// source's path begins so.
struct WildcardURL {
    /// As it was given.
    let text: String
    /// The request target up to the `*`.
    let target: String

    init(_ url: String) throws(CommandRefusal) {
        let target = URLText.target(of: url)
        guard target.hasSuffix("*"), !target.dropLast().contains("*") else {
            throw CommandRefusal("\(url): a * stands once, at the end of the URL. Where a file's own name has one, write %2A.")
        }
        guard !target.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw CommandRefusal("\(url): a * stands at the end of a path; a query can't be purged by its beginning.")
        }
        text = url
        self.target = String(target.dropLast())
    }

    /// Whether the path before the `*` has two levels, 15 characters, or is a whole file name. `media/catalog/*` and
    /// `s/files/*` have two levels and are refused all the same: they are the roots of whole shops.
    static func isNarrowEnough(_ path: String) -> Bool {
        let levels = path.split(separator: "/")
        if [["media", "catalog"], ["s", "files"]].contains(levels) { return false }
        return levels.count >= 2 || path.count >= 15 || isFileName(path)
    }

    private static func isFileName(_ path: String) -> Bool {
        guard let dot = path.lastIndex(of: "."), dot > path.startIndex else { return false }
        let ending = path[path.index(after: dot)...]
        return (2...5).contains(ending.count) && ending.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}

/// Parts of a URL as text, before it is read.
enum URLText {
    /// The request target of `https://host/target`; what has no scheme is taken for a target already.
    static func target(of url: String) -> String {
        if url.hasPrefix("/") { return url }
        // A URL in the query of a target that was written without its slash is no scheme.
        guard let scheme = url.range(of: "://"), !url[..<scheme.lowerBound].contains(where: { "/?#".contains($0) }) else {
            return "/" + url
        }
        let rest = url[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { return "/" }
        return String(rest[slash...])
    }

    /// A label is kept on every node and shown to people: a signature in it would open a private file to them.
    static func withoutSignature(_ url: String) -> String {
        guard let question = url.firstIndex(of: "?") else { return url }
        let kept = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("ik-s=") && !$0.hasPrefix("ik-t=") }
        return url[..<question] + (kept.isEmpty ? "" : "?" + kept.joined(separator: "&"))
    }
}
