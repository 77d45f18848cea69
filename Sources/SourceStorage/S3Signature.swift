internal import Crypto
internal import Glibc

/// AWS Signature Version 4 for S3, in headers (AWS General Reference, "Create a signed AWS API request").
struct S3Signature: Sendable {
    /// The payload hash of a request without a body.
    static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    let credentials: S3Credentials
    let region: String

    /// The headers to send besides `host`, those given included.
    ///
    /// - Parameters:
    ///   - path: As sent, every byte encoded but `A-Za-z0-9-._~/`.
    ///   - query: As sent: encoded the same way, sorted, each parameter with `=`.
    ///   - headers: Further headers to sign, with lower-case names.
    ///   - time: Seconds since 1970.
    func headers(
        method: String, host: String, path: String, query: String = "", headers: [(name: String, value: String)] = [],
        payloadHash: String = emptyPayload, time: Int
    ) -> [(name: String, value: String)] {
        let date = Self.timestamp(time)
        var sent = headers + [(name: "x-amz-content-sha256", value: payloadHash), (name: "x-amz-date", value: date)]
        if let token = credentials.sessionToken {
            sent.append((name: "x-amz-security-token", value: token))
        }
        let signed = (sent + [(name: "host", value: host)]).sorted { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let canonical = [
            method, path, query, signed.map { "\($0.name):\($0.value)\n" }.joined(), names, payloadHash,
        ].joined(separator: "\n")

        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/s3/aws4_request"
        let text = ["AWS4-HMAC-SHA256", date, scope, Self.hex(SHA256.hash(data: Array(canonical.utf8)))]
            .joined(separator: "\n")
        let signature = Self.hex(mac(text, key: signingKey(day: day)))
        sent.append(
            (
                name: "authorization",
                value:
                    "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
            ))
        return sent
    }

    private func signingKey(day: String) -> SymmetricKey {
        [day, region, "s3", "aws4_request"].reduce(SymmetricKey(data: Array("AWS4\(credentials.secretKey)".utf8))) {
            SymmetricKey(data: mac($1, key: $0))
        }
    }

    private func mac(_ text: String, key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
    }

    /// `20130524T000000Z`.
    static func timestamp(_ time: Int) -> String {
        var seconds = time_t(time)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int32, _ width: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1) + padded(parts.tm_mday) + "T"
            + padded(parts.tm_hour) + padded(parts.tm_min) + padded(parts.tm_sec) + "Z"
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// Who asks. Printing it shows the access key alone.
public struct S3Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var accessKey: String
    public var secretKey: String
    /// Of temporary credentials.
    public var sessionToken: String?

    public init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    public var description: String { "S3Credentials(accessKey: \(accessKey))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}
