import Foundation
import ImageURL
import SourceStorage

/// The values of the secrets that the configuration names: files `ID.VERSION` in a folder of the origin, and what the
/// origin's own settings give.
struct SecretFolder: Sendable {
    let path: String
    /// The private key of the settings: the signing key `default`, version 1.
    let privateKey: String
    /// Credentials in the storages file: version 1 of the storage's id.
    let written: [String: S3Credentials]

    static let ownKey = SigningKeyName(id: "default", version: 1)

    /// One line.
    func signingKey(_ name: SigningKeyName) -> String? {
        if name == Self.ownKey { return privateKey }
        guard let text = text(SecretName(id: name.id, version: name.version)),
            let line = text.split(whereSeparator: \.isNewline).first
        else { return nil }
        return String(line)
    }

    /// `{"accessKey": …, "secretKey": …, "sessionToken": …}`.
    func credentials(_ name: SecretName) -> S3Credentials? {
        if let text = text(name), let kept = try? JSONDecoder().decode(Kept.self, from: Data(text.utf8)) {
            return S3Credentials(accessKey: kept.accessKey, secretKey: kept.secretKey, sessionToken: kept.sessionToken)
        }
        return name.version == 1 ? written[name.id] : nil
    }

    private struct Kept: Decodable {
        var accessKey: String
        var secretKey: String
        var sessionToken: String?
    }

    private func text(_ name: SecretName) -> String? {
        guard Self.canName(name.id) else { return nil }
        return try? String(contentsOfFile: file(name), encoding: .utf8)
    }

    func file(_ name: SecretName) -> String { "\(path)/\(name.id).\(name.version)" }

    /// An id is a part of a file's name: it leads nowhere else.
    static func canName(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count) && id.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil
    }
}
