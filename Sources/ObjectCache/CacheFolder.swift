internal import Glibc

/// Names, and the calls on a folder.
enum CacheFolder {
    static func segmentPath(_ folder: String, _ number: UInt32) -> String { path(folder, "segment-", number) }

    /// See OwedSegments.
    static func owedPath(_ folder: String, _ number: UInt32) -> String { path(folder, "owed-", number) }

    /// Beside the segment; see UnsureSegments.
    static func unsurePath(of segment: String) -> String {
        segment.dropLast("segment-XXXXXXXX".utf8.count) + "unsure-" + segment.suffix(8)
    }

    private static func path(_ folder: String, _ kind: String, _ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return folder + "/" + kind + String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// A segment with a greater one was not written by a cache; the next numbers would run out.
    static let greatestNumber: UInt32 = 0xFFFF_0000

    /// Nil for a name that is no segment's.
    static func segmentNumber(_ name: String) -> UInt32? {
        number(in: name, behind: "segment-")
    }

    static func number(in name: String, behind kind: String) -> UInt32? {
        guard name.hasPrefix(kind), name.utf8.count == kind.utf8.count + 8 else { return nil }
        return UInt32(name.dropFirst(kind.count), radix: 16)
    }

    static func names(in folder: String) throws(SystemFailure) -> [String] {
        guard let stream = opendir(folder) else { throw SystemFailure("opendir", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func make(_ folder: String) throws(SystemFailure) {
        var path = ""
        for part in folder.split(separator: "/", omittingEmptySubsequences: false) {
            path += part + "/"
            if part.isEmpty { continue }
            if mkdir(path, 0o755) != 0, errno != EEXIST { throw SystemFailure("mkdir", path) }
        }
    }

    /// What a file of this length occupies at the most: whole blocks.
    static func blocks(_ length: Int) -> Int {
        (length + 4095) & ~4095
    }
}
