internal import Glibc

/// Who holds a file's lock, from the kernel's list: trying the lock would keep a starting node from it.
enum LockHolder {
    static func pid(of path: String) -> Int32? {
        var status = stat()
        guard stat(path, &status) == 0, let file = try? InputFile("/proc/locks"), let text = try? file.read(1 << 20) else {
            return nil
        }
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            // 1: FLOCK  ADVISORY  WRITE 4711 fe:00:123456 0 EOF
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK",
                let inode = words[5].split(separator: ":").last.flatMap({ UInt64($0) }), inode == status.st_ino
            else { continue }
            return Int32(words[4])
        }
        return nil
    }
}
