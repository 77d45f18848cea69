internal import CCurl

extension EasyHandle {
    mutating func apply(_ request: CurlRequest, id: TransferID, configuration: CurlConfiguration) {
        if let context = UnsafeMutableRawPointer(bitPattern: UInt(id)) {
            set(CURLOPT_PRIVATE, context: context)
        }
        set(CURLOPT_NOSIGNAL, 1)
        // A cancelled look-up's resolver thread cleans up after itself; without this the loop would wait for it.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROXY, "")
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 128 << 10)
        if let file = configuration.authorityFile {
            set(CURLOPT_CAINFO, file)
        }
        applyTarget(request)
        applyMessage(request)
        applyTimeouts(request.timeouts)
    }

    private mutating func applyTarget(_ request: CurlRequest) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        if request.maximumRedirects > 0 {
            set(CURLOPT_FOLLOWLOCATION, 1)
            set(CURLOPT_MAXREDIRS, request.maximumRedirects)
        }
    }

    private mutating func applyMessage(_ request: CurlRequest) {
        // `Expect: 100-continue` would cost large bodies a round trip or a second, and `Content-Type` is the caller's.
        var lines = ["Expect:"]
        if request.body != nil {
            lines.append("Content-Type:")
        }
        for (name, value) in request.headers {
            lines.removeAll { $0.lowercased() == "\(name.lowercased()):" }
            // libcurl drops a header whose value is empty, unless a semicolon stands for the colon.
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        setHeaderLines(lines)

        if let body = request.body {
            setBody(body)
        }
        switch request.method {
        case "GET" where request.body == nil: set(CURLOPT_HTTPGET, 1)
        case "HEAD": set(CURLOPT_NOBODY, 1)
        case "POST" where request.body == nil: setBody([])
        case "POST": break
        case let method: set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    private mutating func applyTimeouts(_ timeouts: CurlTimeouts) {
        set(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connect.wholeMilliseconds)
        if let total = timeouts.total {
            set(CURLOPT_TIMEOUT_MS, total.wholeMilliseconds)
        }
        if let stall = timeouts.stall {
            set(CURLOPT_LOW_SPEED_TIME, max(1, (stall.wholeMilliseconds + 999) / 1000))
            set(CURLOPT_LOW_SPEED_LIMIT, max(1, timeouts.stallBytesPerSecond))
        }
    }
}

extension Duration {
    /// Rounded up; at least 1, since 0 means "no limit" to libcurl, and at most 24 days, which fit its 32 bits.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < 2_073_600 else { return 2_073_600_000 }
        return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
