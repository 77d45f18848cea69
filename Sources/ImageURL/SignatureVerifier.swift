internal import Crypto

/// What a URL's signature is worth.
public enum SignatureVerdict: Sendable, Equatable {
    /// Holds up to and including the second `notAfter` (Unix time); nil: without end.
    case valid(notAfter: Int64?)
    /// The URL carries no signature.
    case none
    case invalid
    /// The signature is right, its time is over.
    case expired
}

extension SignatureVerdict {
    /// Why the request is refused; nil: it may be answered. A signature that is there must hold, also where none is
    /// asked for: a link that was altered or has run out is not to work as if it had never been signed.
    public func refusal(signedOnly: Bool) -> ImageURLError? {
        switch self {
        case .valid: nil
        case .none: signedOnly ? .signature("the URL is not signed, and this endpoint answers signed URLs only") : nil
        case .invalid: .signature("the signature (ik-s, ik-t) does not belong to this URL")
        case .expired: .signature("the signed URL has expired (ik-t)")
        }
    }
}

/// Checks `ik-s` and `ik-t` (reference §1.6): HMAC-SHA1 over the raw target without the endpoint and without these two
/// parameters, followed by the expiry's digits.
///
/// Nothing is decoded: what was signed is what is on the wire, so any changed byte makes the signature invalid.
public struct SignatureVerifier: Sendable {
    /// Signed in place of an expiry when the URL carries none.
    private static let noExpiry = "9999999999"
    /// The expiry follows the URL without a separator, so `?v=1` + `23…` and `?v=12` + `3…` sign the same text. With a
    /// fixed length they do not. Ten digits reach from 2001 to 2286.
    private static let expiryDigits = 10
    private static let digestDigits = 40

    private let keys: [SymmetricKey]
    /// What a target must begin with, the longest first: the named endpoint, then the account's root, since clients
    /// choose which of them they strip.
    private let roots: [[UInt8]]

    /// - Parameter keys: the account's private keys; several while one replaces another.
    public init(endpoint: Endpoint, keys: [String]) {
        self.keys = keys.map { SymmetricKey(data: Array($0.utf8)) }
        let account = endpoint.account.isEmpty ? "/" : "/\(endpoint.account)/"
        let named = endpoint.id.isEmpty ? [] : [account + endpoint.id + "/"]
        roots = (named + [account]).map { Array($0.utf8) }
    }

    public func verify(_ signature: Signature?, target: String, now: Int64) -> SignatureVerdict {
        verify(signature, target: target.utf8.span, now: now)
    }

    /// - Parameters:
    ///   - signature: as parsed from this target.
    ///   - target: the raw request target.
    ///   - now: Unix time in seconds.
    public func verify(_ signature: Signature?, target: Span<UInt8>, now: Int64) -> SignatureVerdict {
        guard let signature else { return .none }
        guard let digest = digestBytes(signature.digest), let signed = signedPart(of: target) else { return .invalid }
        var notAfter: Int64?
        if let expiry = signature.expiry {
            guard let seconds = expirySeconds(expiry) else { return .invalid }
            notAfter = seconds
        }
        let expiry = Array((signature.expiry ?? Self.noExpiry).utf8)
        // Every pair is computed, and each comparison takes constant time: the time taken tells nothing about how near
        // a guess was or which key it met.
        var isValid = false
        for root in roots where signed.starts(with: root) {
            let text = signed.dropFirst(root.count) + expiry
            for key in keys {
                let matches = HMAC<Insecure.SHA1>.isValidAuthenticationCode(digest, authenticating: text, using: key)
                isValid = matches || isValid
            }
        }
        guard isValid else { return .invalid }
        if let notAfter, now > notAfter { return .expired }
        return .valid(notAfter: notAfter)
    }

    /// The target without `ik-s` and `ik-t`; nil when one of them is given twice.
    private func signedPart(of target: Span<UInt8>) -> [UInt8]? {
        let parts = RawTarget(target)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(target.count + Self.expiryDigits)
        for index in parts.path { bytes.append(target[index]) }
        var rest = parts.query
        var separator = UInt8(ascii: "?")
        var seen = (signature: false, expiry: false)
        while let part = RawTarget.takePart(target, of: &rest, separator: UInt8(ascii: "&")) {
            guard let parameter = try? RawTarget.split(target, part).parameter else { return nil }
            switch parameter {
            case .signature:
                if seen.signature { return nil }
                seen.signature = true
            case .expiry:
                if seen.expiry { return nil }
                seen.expiry = true
            default:
                bytes.append(separator)
                separator = UInt8(ascii: "&")
                for index in part { bytes.append(target[index]) }
            }
        }
        return bytes
    }

    /// Lowercase only: another spelling of the same digest would be another URL with a valid signature.
    private func digestBytes(_ text: String) -> [UInt8]? {
        guard text.utf8.count == Self.digestDigits else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in text.utf8 {
            let nibble: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return bytes
    }

    private func expirySeconds(_ text: String) -> Int64? {
        let isDecimal = text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return isDecimal && text.utf8.count == Self.expiryDigits ? Int64(text) : nil
    }
}
