internal import Glibc

/// A folder, and the files that really lie in it: symbolic links are followed, but never to anything outside.
///
/// A file is first opened with `O_PATH`, which touches neither its bytes nor a device behind it. Where that descriptor
/// has ended up is then asked of the kernel, so that no exchange of a component under way can lead elsewhere, and only
/// a regular file inside is opened for reading, through the very same descriptor.
final class BeneathFolder: Sendable {
    /// Linux's value; glibc declares it under _GNU_SOURCE only.
    private static let pathOnly: Int32 = 0o10000000

    let path: String

    /// - Returns: nil when it can't be opened; errno says why.
    init?(_ path: String) {
        let descriptor = Glibc.open(path, Self.pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        close(descriptor)
        self.path = path
    }

    func open(_ key: String) throws(FileFailure) -> OpenFile {
        // Empty segments would be a second name for the same file, and a leading one the root of the file system.
        guard !key.split(separator: "/", omittingEmptySubsequences: false).contains("") else { throw .missing }
        // Opened anew each time: a folder that was exchanged by renaming, or mounted again, is another one.
        let descriptor = Glibc.open(path, Self.pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        let place = openat(descriptor, key, Self.pathOnly | O_CLOEXEC)
        guard place >= 0 else { throw Self.failure(errno) }
        defer { close(place) }

        guard let target = Self.location(of: place), let root = Self.location(of: descriptor) else {
            throw .system(errno)
        }
        guard target.starts(with: root == [UInt8(ascii: "/")] ? root : root + [UInt8(ascii: "/")]) else {
            throw .outside
        }
        var status = stat()
        guard fstat(place, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .missing }

        let file = Glibc.open("/proc/self/fd/\(place)", O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard file >= 0 else { throw Self.failure(errno) }
        return OpenFile(owned: file, status: status)
    }

    private static func failure(_ number: Int32) -> FileFailure {
        switch number {
        case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP: .missing
        case EACCES, EPERM: .forbidden
        default: .system(number)
        }
    }

    /// The path of an open descriptor as the kernel sees it, without any link in it.
    private static func location(of descriptor: Int32) -> [UInt8]? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/fd/\(descriptor)", &path, path.count)
        return count < 0 ? nil : path.prefix(count).map { UInt8(bitPattern: $0) }
    }
}

/// A regular file open for reading, and its state when it was opened.
struct OpenFile: ~Copyable {
    private let descriptor: Int32
    private let status: stat

    init(owned descriptor: Int32, status: stat) {
        self.descriptor = descriptor
        self.status = status
    }

    deinit {
        close(descriptor)
    }

    var validators: Validators {
        let time = status.st_mtim
        let tag = [UInt64(status.st_ino), UInt64(status.st_size), UInt64(time.tv_sec), UInt64(time.tv_nsec)]
            .map { String($0, radix: 16) }.joined(separator: "-")
        return Validators(etag: "\"\(tag)\"", lastModified: Self.httpDate(time.tv_sec))
    }

    /// The file's bytes as of one moment: a file that changes meanwhile is an error, not a mixture.
    func read(limit: Int, until deadline: ContinuousClock.Instant) throws(FileFailure) -> [UInt8] {
        let size = Int(status.st_size)
        guard size <= limit else { throw .tooLarge }
        var failure: FileFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                guard ContinuousClock.now < deadline else {
                    failure = .late
                    return
                }
                let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, min(size - count, Self.step))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failure = got < 0 ? .system(errno) : .changed
                    return
                }
                count += got
            }
        }
        if let failure { throw failure }
        var now = stat()
        guard fstat(descriptor, &now) == 0 else { throw .system(errno) }
        guard now.st_size == status.st_size, now.st_mtim.tv_sec == status.st_mtim.tv_sec,
            now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
        else { throw .changed }
        return bytes
    }

    /// Between two looks at the clock.
    private static let step = 1 << 20

    /// RFC 9110 §5.6.7.
    private static func httpDate(_ time: time_t) -> String {
        var seconds = time
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(days[Int(parts.tm_wday)]), \(padded(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec)) GMT"
    }
}
