internal import CCurl
internal import Glibc

/// One request under way. It lives on the loop's thread alone; libcurl's callbacks come in here.
final class Transfer {
    private(set) var easy: EasyHandle
    let host: String

    private let request: CurlRequest
    private let receiver: TransferReceiver
    private let started = ContinuousClock.now
    private var head: HeadParser
    private var body: [UInt8] = []
    private var receivedBytes = 0

    /// Why one of our own callbacks broke the transfer off; it goes before whatever libcurl says then.
    private var ownFailure: CurlError?
    /// The rest of an error answer's body is not wanted.
    private var hasEnough = false
    private var refusedAddress: CurlAddress?

    init(
        _ id: TransferID, _ request: CurlRequest, receiver: TransferReceiver, configuration: CurlConfiguration
    ) throws(CurlError) {
        try request.check()
        guard let easy = EasyHandle() else { throw .outOfMemory(request) }
        self.easy = easy
        self.request = request
        self.receiver = receiver
        self.host = request.host
        self.head = HeadParser(limit: configuration.maximumHeadBytes, followsRedirects: request.maximumRedirects > 0)
        self.easy.apply(request, id: id, configuration: configuration)
        register()
        guard self.easy.refusedOption == nil else { throw .outOfMemory(request) }
    }

    /// libcurl hands the bytes that were held back over from within this call, and reports here, not at the end of the
    /// transfer, that they were refused.
    func resume() -> CURLcode {
        curl_easy_pause(easy.pointer, CURLPAUSE_CONT)
    }

    func finish(_ code: CURLcode) {
        if let ownFailure {
            receiver.finish(.failure(ownFailure))
        } else if code != CURLE_OK, !hasEnough {
            receiver.finish(.failure(explain(code)))
        } else if !head.isComplete {
            receiver.finish(.failure(.noHead(host)))
        } else {
            receiver.finish(.success(CurlResponse(head: finalHead, body: body)))
        }
    }

    func finish(because error: (CurlRequest) -> CurlError) {
        receiver.finish(.failure(error(request)))
    }

    private var finalHead: CurlHead {
        CurlHead(status: head.status, headers: head.headers, url: easy.string(CURLINFO_EFFECTIVE_URL) ?? request.url)
    }

    private func explain(_ code: CURLcode) -> CurlError {
        CurlFailure(
            code: code,
            request: request,
            host: CurlRequest.host(of: easy.string(CURLINFO_EFFECTIVE_URL) ?? request.url),
            refusedAddress: refusedAddress,
            elapsed: started.duration(to: .now),
            hasConnected: easy.offset(CURLINFO_PRETRANSFER_TIME_T) > 0,
            hasHead: head.isComplete,
            receivedBytes: receivedBytes,
            systemError: Int32(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO))
        ).error
    }
}

// MARK: libcurl's callbacks

extension Transfer {
    /// libcurl calls back only between `curl_multi_add_handle` and `curl_multi_remove_handle`; the loop holds the
    /// transfer for longer than that, so the unretained context is never stale.
    private func register() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        easy.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.from(context).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        easy.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.from(context).receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        easy.setOpenSocket { context, _, address in
            Transfer.from(context).openSocket(address)
        }
        easy.setBeforeRequest { context, remote, _, port, _ in
            Transfer.from(context).mayAsk(remote, port) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA] {
            easy.set(option, context: context)
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
        // `register` gave every callback this context.
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        switch head.feed(line) {
        case .incomplete, .skipped:
            return line.count
        case .overLimit:
            return breakOff(.headTooLong(host))
        case .complete:
            if let declared = head.declaredLength, isWanted, request.method != "HEAD",
                declared > request.maximumBodyBytes
            {
                return breakOff(.tooLarge(host, declared: declared, limit: request.maximumBodyBytes))
            }
            if case .streaming(let buffer) = receiver {
                buffer.deliver(finalHead)
            }
            return line.count
        }
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = (isWanted ? request.maximumBodyBytes : request.maximumErrorBodyBytes) - receivedBytes
        if isWanted, bytes.count > room {
            return breakOff(.tooLarge(host, declared: nil, limit: request.maximumBodyBytes))
        }
        let taken = UnsafeRawBufferPointer(rebasing: bytes.prefix(max(room, 0)))
        switch receiver {
        case .gathering:
            gather(taken)
        case .streaming(let buffer):
            if !taken.isEmpty, buffer.deliver(taken) == .full {
                return Int(CURL_WRITEFUNC_PAUSE)
            }
        }
        receivedBytes += taken.count
        hasEnough = taken.count < bytes.count
        return hasEnough ? Self.brokenOff : bytes.count
    }

    /// The declared length is only believed as far as bytes have come: four times what is here.
    private func gather(_ bytes: UnsafeRawBufferPointer) {
        let needed = body.count + bytes.count
        if needed > body.capacity {
            body.reserveCapacity(max(needed, min(head.declaredLength ?? 0, needed * 4)))
        }
        body.append(contentsOf: bytes)
    }

    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let address, let target = ccurl_address(address),
            let found = CurlAddress(target, length: Int(address.pointee.addrlen))
        else { return curl_socket_t(-1) }
        guard request.addresses.allows(found) else {
            refusedAddress = found
            return curl_socket_t(-1)
        }
        // Close-on-exec, so that no child process inherits a connection.
        return socket(
            address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    }

    /// A connection that another request left may go to an address that this one is not allowed.
    private func mayAsk(_ remote: UnsafeMutablePointer<CChar>?, _ port: Int32) -> Bool {
        guard let remote, let found = CurlAddress(text: String(cString: remote), port: UInt16(truncatingIfNeeded: port))
        else { return false }
        guard request.addresses.allows(found) else {
            refusedAddress = found
            return false
        }
        return true
    }

    private var isWanted: Bool { (200..<300).contains(head.status) }

    private static let brokenOff = Int(CURL_WRITEFUNC_ERROR)

    private func breakOff(_ error: CurlError) -> Int {
        ownFailure = error
        return Self.brokenOff
    }
}
