internal import CCurl
internal import Glibc

/// What is known about a failed transfer, turned into the error that people read.
struct CurlFailure {
    let code: CURLcode
    let request: CurlRequest
    /// Of the last hop.
    let host: String
    let refusedAddress: CurlAddress?
    let elapsed: Duration
    let hasConnected: Bool
    let hasHead: Bool
    let receivedBytes: Int
    let systemError: Int32

    var error: CurlError {
        let (code, text) = meaning
        return CurlError(code: code, host: host, message: text)
    }

    private var meaning: (CurlError.Code, String) {
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_ABORTED_BY_CALLBACK:
            if let refusedAddress { return refused(refusedAddress) }
            return (
                .connectFailed,
                "No connection to \(place): \(systemText). Check that the server runs and that a firewall lets it answer."
            )
        case CURLE_COULDNT_RESOLVE_HOST:
            return (.unresolved, "The name of \(place) has no address. Check its spelling and this machine's DNS.")
        case CURLE_OPERATION_TIMEDOUT:
            return (.timedOut, timeoutText)
        case CURLE_URL_MALFORMAT:
            return (.invalidRequest, "\"\(request.url.prefix { $0 != "?" })\" is not a URL.")
        case CURLE_UNSUPPORTED_PROTOCOL:
            return (
                .badAnswer,
                "The answer of \(place) is not HTTP/1.1, or redirects to a URL that is neither http nor https."
            )
        case CURLE_TOO_MANY_REDIRECTS:
            return (
                .tooManyRedirects,
                "\(place) redirects more than \(request.maximumRedirects) times. Look for a loop of redirects there."
            )
        case CURLE_PARTIAL_FILE:
            return (.truncated, truncatedText)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
            if hasHead { return (.truncated, truncatedText) }
            return (
                .connectionLost,
                "\(place) closed the connection without an answer (\(systemText)). Look into its log."
            )
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP_RETURNED_ERROR:
            return (.badAnswer, "The answer of \(place) is not well-formed HTTP/1.1.")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return (
                .tlsFailed,
                "No TLS connection to \(place): \(curlText). Check its certificate and the authorities trusted here."
            )
        default:
            return (.failed, "The transfer from \(place) failed in libcurl: \(curlText) (\(code.rawValue)).")
        }
    }

    /// The last hop's host, and where the way to it began.
    private var place: String {
        host == request.host ? host : "\(host) (redirected to by \(request.host))"
    }

    private func refused(_ address: CurlAddress) -> (CurlError.Code, String) {
        (
            .addressRefused,
            "\(place) is at \(address), an address that this request may not talk to. If it should, allow its network."
        )
    }

    private var timeoutText: String {
        let timeouts = request.timeouts
        if !hasConnected, elapsed >= timeouts.connect {
            return "No connection to \(place) within \(timeouts.connect). Check that the server runs and is reachable."
        }
        if let total = timeouts.total, elapsed >= total {
            return "\(place) had sent \(receivedBytes) bytes of its answer after \(total), when the time was up."
        }
        return "\(place) stalled: it sent fewer than \(timeouts.stallBytesPerSecond) bytes a second for "
            + "\(timeouts.stall ?? .zero), \(receivedBytes) bytes in all."
    }

    private var truncatedText: String {
        "\(place) broke off its answer after \(receivedBytes) bytes, before the end that it had declared."
    }

    private var systemText: String {
        guard systemError != 0, let text = strerror(systemError) else { return curlText }
        return String(cString: text)
    }

    private var curlText: String { String(cString: curl_easy_strerror(code)) }
}

extension CurlError {
    static func schemeRefused(_ scheme: String, host: String) -> CurlError {
        CurlError(
            code: .schemeRefused, host: host,
            message: "Only http and https URLs can be asked, not \(scheme.isEmpty ? "one without a scheme" : scheme).")
    }

    static func tooLarge(_ host: String, declared: Int?, limit: Int) -> CurlError {
        let what = declared.map { "announces \($0) bytes" } ?? "sends more bytes"
        return CurlError(
            code: .tooLarge, host: host,
            message: "\(host) \(what); at most \(limit) are taken. Raise the limit to take it.")
    }

    static func headTooLong(_ host: String) -> CurlError {
        CurlError(code: .badAnswer, host: host, message: "The headers of the answer of \(host) are too long.")
    }

    static func noHead(_ host: String) -> CurlError {
        CurlError(code: .badAnswer, host: host, message: "\(host) ended the connection before the end of its headers.")
    }

    static func cancelled(_ request: CurlRequest) -> CurlError {
        CurlError(code: .cancelled, host: request.host, message: "The request to \(request.host) was cancelled.")
    }

    static func shutDown(_ request: CurlRequest) -> CurlError {
        CurlError(
            code: .shutDown, host: request.host,
            message: "The request to \(request.host) was ended: the HTTP client is shut down.")
    }

    static func outOfMemory(_ request: CurlRequest) -> CurlError {
        CurlError(
            code: .failed, host: request.host,
            message: "libcurl could not prepare the request to \(request.host); look for a lack of memory.")
    }
}
