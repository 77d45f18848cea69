import CacheProtocol
import Foundation
import ImageURL

/// What people name (a URL, a path, everything) as what the cluster matches by.
struct CommandResolver: Sendable {
    let policy: OriginPolicy

    /// - Throws: `CommandRefusal` with what is wrong and what to do.
    func command(_ kind: CommandKind, _ subject: CommandSubject) throws(CommandRefusal) -> Command {
        switch subject {
        case .all:
            guard kind == .hardPurge || kind == .softPurge else {
                throw CommandRefusal("Only a purge can name everything; an erase or a lift names one source.")
            }
            return Command(kind: kind, scope: .all, label: "all")
        case .source(let path):
            guard !path.contains(where: { $0 == "?" || $0 == "#" }) else {
                throw CommandRefusal(
                    "\(path): a source is named by its path alone. Where the file's own name has a ? or #, write %3F or %23.")
            }
            let wanted = try read(Self.target(ofPath: path, account: policy.endpoint.account), named: path)
            guard wanted.identity.recipe == Recipe() else {
                throw CommandRefusal("\(path) holds a transformation. A source is named by its path alone.")
            }
            return Command(kind: kind, scope: .source(wanted.sources), label: path)
        case .url(let url):
            let wanted = try read(Self.target(ofURL: url), named: url)
            // An erase is about the bytes in storage, whatever recipe the URL asks for.
            let scope: CommandScope = kind == .erase || kind == .lift ? .source(wanted.sources) : .url(wanted.urls)
            return Command(kind: kind, scope: scope, label: kind == .hardPurge || kind == .softPurge ? Self.withoutSignature(url) : wanted.path)
        }
    }

    private func read(_ target: String, named subject: String) throws(CommandRefusal) -> WantedVariant {
        if target.utf8.last == UInt8(ascii: "*") {
            throw CommandRefusal("\(subject): wildcards are not supported yet. Name one URL, one source, or everything.")
        }
        do throws(ImageURLError) {
            // A signature in the URL says nothing about what to purge, so it is not verified.
            let image = try policy.parser.parse(target: target)
            return WantedVariant(
                path: image.sourcePath,
                identity: VariantIdentity(
                    locations: policy.locator.locations(of: image), recipe: image.recipe, accept: [], signed: false))
        } catch {
            throw CommandRefusal("\(subject): \(error.message)")
        }
    }

    /// The request target of `https://host/target`; what has no scheme is taken for a target already.
    private static func target(ofURL url: String) -> String {
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
    private static func withoutSignature(_ url: String) -> String {
        guard let question = url.firstIndex(of: "?") else { return url }
        let kept = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("ik-s=") && !$0.hasPrefix("ik-t=") }
        return url[..<question] + (kept.isEmpty ? "" : "?" + kept.joined(separator: "&"))
    }

    /// A path is written as in a URL; what a URL could not hold as it is (a space, an accent) is encoded for the asker.
    private static func target(ofPath path: String, account: String) -> String {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%!$&'()*+,;=:@".utf8)
        let hex = Array("0123456789ABCDEF".utf8)
        var target = Array("/\(account)/".utf8)
        for byte in path.utf8.drop(while: { $0 == UInt8(ascii: "/") }) {
            if unreserved.contains(byte) {
                target.append(byte)
            } else {
                target += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: target, as: UTF8.self)
    }
}

enum CommandSubject: Sendable {
    case url(String)
    case source(String)
    case all
}

/// Why a command was not taken; nothing has changed then.
struct CommandRefusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
