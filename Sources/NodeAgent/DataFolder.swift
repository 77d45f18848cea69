internal import Glibc

/// A node's data folder, locked for as long as this value lives. The lock is what makes "a new incarnation ends the old
/// one's leases" true: nobody else can be answering from this folder.
///
/// The file `node-id` holds, as one line: the folder's number (hexadecimal), the number of processes that have used it, the
/// file's own inode and the machine's id. The last two tell a copy from the original: a folder that was cloned with a
/// virtual machine becomes another node, so that it never ends the leases of the one that it was copied from.
public final class DataFolder: Sendable {
    public let path: String
    /// Drawn at random when the folder was made; stays with it.
    public let identity: UInt64
    /// Counts the processes that have used the folder, this one included: a later one ends the leases of the earlier, and a
    /// request of an earlier one that arrives late ends nobody's.
    public let life: UInt64
    /// Whether what is in it was made by another member: the folder was copied, or moved to another place.
    public let isCopy: Bool
    private let lock: CInt

    /// Makes the folder when there is none.
    /// - Throws: `folderInUse` with the process that holds it; `folderUnusable`.
    public init(path: String) throws(NodeAgentError) {
        self.path = path
        try Self.makeFolders(path)
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.unusable(path + "/lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.read(lock).map { " (process \($0))" } ?? ""
            close(lock)
            throw NodeAgentError(
                .folderInUse,
                "The data folder \(path) is in use by another node\(holder). Stop that node, or give this one a folder of its own (node.data)."
            )
        }
        ftruncate(lock, 0)
        Self.write("\(getpid())", to: lock)
        do throws(NodeAgentError) {
            (identity, life, isCopy) = try Self.nextLife(in: path)
        } catch {
            close(lock)
            throw error
        }
        self.lock = lock
    }

    deinit {
        close(lock)
    }

    private static func makeFolders(_ path: String) throws(NodeAgentError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "/" : (made.isEmpty || made == "/" ? "" : "/") + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST || errno == EISDIR else { throw unusable(made) }
        }
    }

    /// Counts this process, durably, before it can say anything to anybody.
    private static func nextLife(in path: String) throws(NodeAgentError) -> (identity: UInt64, life: UInt64, isCopy: Bool) {
        let file = path + "/node-id"
        var identity = UInt64.random(in: 1...UInt64.max)
        var life: UInt64 = 1
        var isCopy = false
        let existing = open(file, O_RDONLY | O_CLOEXEC)
        if existing >= 0 {
            defer { close(existing) }
            guard let fields = read(existing)?.split(separator: " "), fields.count >= 3,
                let known = UInt64(fields[0], radix: 16), let lives = UInt64(fields[1])
            else {
                throw NodeAgentError(
                    .folderUnusable,
                    "\(file) does not hold a node's number. Restore it, or empty \(path) to let the node begin anew.")
            }
            let place = fields[2...].joined(separator: " ")
            isCopy = place != self.place(of: existing)
            if !isCopy { (identity, life) = (known, lives + 1) }
        }
        let temporary = file + ".new"
        let new = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard new >= 0 else { throw unusable(temporary) }
        defer { close(new) }
        write("\(String(identity, radix: 16)) \(life) \(place(of: new))", to: new)
        guard fsync(new) == 0, rename(temporary, file) == 0, FolderSync.sync(path) else { throw unusable(file) }
        return (identity, life, isCopy)
    }

    private static func place(of descriptor: CInt) -> String {
        var status = stat()
        fstat(descriptor, &status)
        let machine = open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
        defer { if machine >= 0 { close(machine) } }
        let id = machine >= 0 ? read(machine) ?? "" : ""
        // A machine without an id still tells copies apart by the inode.
        return "\(status.st_ino) m\(id.prefix { $0.isHexDigit })"
    }

    private static func read(_ descriptor: CInt) -> String? {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func write(_ text: String, to descriptor: CInt) {
        let bytes = Array(text.utf8)
        // Whoever reads it shows it to a person, or finds it malformed and says so.
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    private static func unusable(_ path: String) -> NodeAgentError {
        NodeAgentError(.folderUnusable, "\(path): \(String(cString: strerror(errno))). Check node.data and its owner.")
    }
}

/// A renamed or new file is there after a crash only once its folder is synced.
enum FolderSync {
    static func sync(_ path: String) -> Bool {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        return fsync(folder) == 0
    }
}
