internal import CCurl

/// libcurl's multi handle. Owned by ``TransferLoop``, which frees it.
// @unchecked Sendable: the pointer never changes, and of its methods only `wake` may be called off the loop's thread,
// which libcurl allows of `curl_multi_wakeup` alone; the loop calls it under the lock under which it frees the handle.
struct MultiHandle: @unchecked Sendable {
    /// The wake-up is what ends a poll; this bound only keeps a lost one from being for ever.
    private static let longestPollMilliseconds: Int32 = 60_000

    private let pointer: UnsafeMutableRawPointer

    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init(configuration: CurlConfiguration) throws(CurlError) {
        guard Self.isLibraryReady, let pointer = curl_multi_init() else {
            throw CurlError(
                code: .failed, host: "",
                message: "libcurl could not be set up; look for a lack of memory or of file descriptors (ulimit -n).")
        }
        self.pointer = pointer
        _ = ccurl_set_multi_long(pointer, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections)
        _ = ccurl_set_multi_long(pointer, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maximumConnectionsPerHost)
    }

    func free() {
        curl_multi_cleanup(pointer)
    }

    func wake() {
        curl_multi_wakeup(pointer)
    }

    func add(_ transfer: Transfer) throws(CurlError) {
        guard curl_multi_add_handle(pointer, transfer.easy.pointer) == CURLM_OK else {
            throw CurlError(
                code: .failed, host: transfer.host,
                message: "libcurl could not begin a transfer from \(transfer.host); look for a lack of memory.")
        }
    }

    func remove(_ transfer: Transfer) {
        curl_multi_remove_handle(pointer, transfer.easy.pointer)
    }

    func perform() {
        var running: Int32 = 0
        curl_multi_perform(pointer, &running)
    }

    func poll() {
        curl_multi_poll(pointer, nil, 0, Self.longestPollMilliseconds, nil)
    }

    func nextFinished() -> (TransferID, CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(pointer, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            return (EasyHandle.transferID(of: easy), message.pointee.data.result)
        }
        return nil
    }
}
