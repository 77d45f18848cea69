import Foundation
import Glibc

/// Looks for bytes of images in every file of a cluster: what the operator of a forensic tool would do.
struct MarkerSearch {
    /// A piece of the middle of a body, by the name that the test gives it. Bodies of noise share none.
    private(set) var markers: [(name: String, bytes: [UInt8])] = []
    /// Places in `markers` by their first eight bytes.
    private var byHead: [UInt64: [Int]] = [:]

    static let length = 48
    // lseek(2); the headers show them to those alone who define _GNU_SOURCE.
    private static let seekData: CInt = 3
    private static let seekHole: CInt = 4

    mutating func add(_ name: String, _ body: [UInt8]) {
        precondition(body.count > 4 * Self.length, "\(name) is too short to have a middle")
        let start = body.count / 2
        let bytes = Array(body[start..<start + Self.length])
        byHead[bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }, default: []].append(markers.count)
        markers.append((name, bytes))
    }

    /// Names of the markers that are in a file somewhere below `folder`, with the files.
    func found(below folder: String) -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        for file in files {
            for name in names(in: folder + "/" + file) { found[name, default: []].insert(file) }
        }
        return found
    }

    /// Only what is data: segments are far longer than what lies in them.
    private func names(in path: String) -> Set<String> {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var names: Set<String> = []
        var position = lseek(descriptor, 0, Self.seekData)
        while position >= 0 {
            let end = lseek(descriptor, position, Self.seekHole)
            guard end > position else { break }
            names.formUnion(self.names(in: descriptor, position..<end))
            position = lseek(descriptor, end, Self.seekData)
        }
        return names
    }

    private func names(in descriptor: CInt, _ range: Range<off_t>) -> Set<String> {
        var names: Set<String> = []
        // Blocks overlap, so that none parts a marker.
        let step = 4 << 20
        var buffer = [UInt8](repeating: 0, count: step + Self.length)
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = min(buffer.count, Int(range.upperBound - position))
            let count = pread(descriptor, &buffer, wanted, position)
            guard count > 0 else { break }
            names.formUnion(buffer[..<count].withUnsafeBytes { self.names(in: $0) })
            position += off_t(step)
        }
        return names
    }

    /// One pass for all: most places are ruled out by their first eight bytes.
    private func names(in block: UnsafeRawBufferPointer) -> Set<String> {
        guard block.count >= Self.length else { return [] }
        var names: Set<String> = []
        for start in 0...block.count - Self.length {
            guard let candidates = byHead[block.loadUnaligned(fromByteOffset: start, as: UInt64.self)] else { continue }
            for index in candidates where block[start..<start + Self.length].elementsEqual(markers[index].bytes) {
                names.insert(markers[index].name)
            }
        }
        return names
    }
}
