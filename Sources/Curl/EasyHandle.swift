internal import CCurl

/// Owns one libcurl easy handle and what it points to.
struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private var list: UnsafeMutablePointer<curl_slist>?
    private(set) var refusedOption: CURLoption?

    init?() {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(list)
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        note(option, ccurl_set_long(pointer, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        note(option, ccurl_set_string(pointer, option, value))
    }

    mutating func set(_ option: CURLoption, context: UnsafeMutableRawPointer) {
        note(option, ccurl_set_pointer(pointer, option, context))
    }

    mutating func set(_ option: CURLoption, _ callback: @escaping ccurl_bytes_callback) {
        note(option, ccurl_set_bytes_callback(pointer, option, callback))
    }

    mutating func setOpenSocket(_ callback: @escaping ccurl_socket_callback) {
        note(CURLOPT_OPENSOCKETFUNCTION, ccurl_set_socket_callback(pointer, callback))
    }

    mutating func setBeforeRequest(_ callback: @escaping ccurl_before_request_callback) {
        note(CURLOPT_PREREQFUNCTION, ccurl_set_before_request_callback(pointer, callback))
    }

    /// Copied by libcurl.
    mutating func setBody(_ bytes: [UInt8]) {
        note(
            CURLOPT_POSTFIELDSIZE_LARGE, ccurl_set_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        )
        note(
            CURLOPT_COPYPOSTFIELDS,
            bytes.withUnsafeBytes { ccurl_set_pointer(pointer, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) })
    }

    mutating func setHeaderLines(_ lines: [String]) {
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                refusedOption = CURLOPT_HTTPHEADER
                return
            }
            list = longer
        }
        note(CURLOPT_HTTPHEADER, ccurl_set_list(pointer, CURLOPT_HTTPHEADER, list))
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(pointer, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return ccurl_get_offset(pointer, info, &value) == CURLE_OK ? Int(value) : 0
    }

    func string(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        guard ccurl_get_string(pointer, info, &value) == CURLE_OK, let value else { return nil }
        return String(cString: value)
    }

    /// The id that ``Transfer`` left as `CURLOPT_PRIVATE`.
    static func transferID(of easy: UnsafeMutableRawPointer) -> TransferID {
        var value: UnsafeMutableRawPointer?
        _ = ccurl_get_pointer(easy, CURLINFO_PRIVATE, &value)
        return TransferID(UInt(bitPattern: value))
    }

    private mutating func note(_ option: CURLoption, _ code: CURLcode) {
        if code != CURLE_OK, refusedOption == nil {
            refusedOption = option
        }
    }
}
