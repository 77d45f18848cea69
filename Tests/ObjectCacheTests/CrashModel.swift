import Foundation

@testable import ObjectCache

/// A folder as a disk has it that keeps nothing but what was synced: of every file the content as of its last sync and the
/// changes since, of the folder the names as of its last sync and the changes since. Any part of what is not synced may
/// be there or not after a power cut, in any order; what POSIX promises is promised here, and nothing that ext4 adds.
struct CrashModel {
    enum ContentChange {
        case write([UInt8], at: Int)
        case truncate(to: Int)
        case zero(Range<Int>)
    }

    struct File {
        var durable: [UInt8] = []
        var pending: [(sequence: Int, change: ContentChange)] = []
        /// As the process sees it.
        var length: Int

        init(_ durable: [UInt8]) {
            self.durable = durable
            length = durable.count
        }

        mutating func note(_ change: ContentChange, _ sequence: Int) {
            pending.append((sequence, change))
            switch change {
            case .write(let bytes, let offset): length = max(length, offset + bytes.count)
            case .truncate(let new): length = new
            case .zero: break
            }
        }
    }

    struct NameChange {
        var sequence: Int
        var name: String
        var file: Int?
    }

    private(set) var files: [Int: File] = [:]
    private var nextFile = 0
    private(set) var durableNames: [String: Int] = [:]
    /// As the process sees them.
    private var names: [String: Int] = [:]
    private(set) var pendingNames: [NameChange] = []
    private var fileOfInode: [UInt64: Int] = [:]
    /// What lay in files that are gone: blocks of a new file that were never written may show it.
    private(set) var stale: [[UInt8]] = []

    /// A folder in which everything is durable.
    init(_ folder: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where name != "lock" {
            let path = folder + "/" + name
            guard let inode = Self.inode(path) else { continue }
            durableNames[name] = add(File(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))), inode)
        }
        names = durableNames
    }

    /// The process goes on, or another one does, in a copy of the folder: nothing is synced by that.
    private mutating func move(to inodes: [String: UInt64]) {
        fileOfInode = [:]
        for (name, file) in names {
            if let inode = inodes[name] { fileOfInode[inode] = file }
        }
    }

    static func inodes(_ folder: String) throws -> [String: UInt64] {
        try FileManager.default.contentsOfDirectory(atPath: folder).reduce(into: [:]) { $0[$1] = inode(folder + "/" + $1) }
    }

    private static func inode(_ path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? UInt64(status.st_ino) : nil
    }

    private mutating func add(_ file: File, _ inode: UInt64) -> Int {
        nextFile += 1
        files[nextFile] = file
        fileOfInode[inode] = nextFile
        return nextFile
    }

    var isEmpty: Bool { names.isEmpty }

    // MARK: Changes

    mutating func apply(_ step: CrashTrace.Step, sequence: Int) {
        switch step {
        case .change(let change): apply(change, sequence: sequence)
        case .moved(let inodes): move(to: inodes)
        case .mark: break
        }
    }

    private mutating func apply(_ change: FileChange, sequence: Int) {
        switch change {
        case .create(let path, let inode):
            if let file = names[Self.name(path)], fileOfInode[inode] == file {
                return note(.truncate(to: 0), inode, sequence)
            }
            set(Self.name(path), to: add(File([]), inode), sequence)
        case .write(let bytes, let offset, let inode): note(.write(bytes, at: offset), inode, sequence)
        case .truncate(let length, let inode): note(.truncate(to: length), inode, sequence)
        case .punch(let range, let inode): note(.zero(range), inode, sequence)
        case .sync(let inode):
            guard let file = fileOfInode[inode], let content = files[file].map(Self.newest) else { return }
            files[file] = File(content)
        case .syncFailed(let inode):
            // The worst that kernels do: nothing of it has reached the disk, and no later sync tries again.
            guard let file = fileOfInode[inode] else { return }
            files[file]?.pending = []
        case .rename(let old, let new):
            let file = names[Self.name(old)]
            set(Self.name(new), to: file, sequence)
            set(Self.name(old), to: nil, sequence)
        case .unlink(let path):
            if let file = names[Self.name(path)].flatMap({ files[$0] }) {
                stale.append(Self.newest(file))
                if stale.count > 8 { stale.removeFirst() }
            }
            set(Self.name(path), to: nil, sequence)
        case .syncFolder:
            (durableNames, pendingNames) = (names, [])
        }
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private mutating func set(_ name: String, to file: Int?, _ sequence: Int) {
        names[name] = file
        pendingNames.append(NameChange(sequence: sequence, name: name, file: file))
    }

    private mutating func note(_ change: ContentChange, _ inode: UInt64, _ sequence: Int) {
        guard let file = fileOfInode[inode] else { return }
        files[file]?.note(change, sequence)
    }

    private static func newest(_ file: File) -> [UInt8] {
        var bytes = file.durable
        for (_, change) in file.pending { keep(change, in: &bytes) }
        return bytes
    }

    static func keep(_ change: ContentChange, in bytes: inout [UInt8]) {
        switch change {
        case .write(let new, let offset): put(new[...], at: offset, in: &bytes)
        case .truncate(let length): resize(&bytes, to: length)
        case .zero(let range): put([UInt8](repeating: 0, count: range.count)[...], at: range.lowerBound, in: &bytes)
        }
    }

    private static func put(_ new: ArraySlice<UInt8>, at offset: Int, in bytes: inout [UInt8]) {
        if bytes.count < offset + new.count { resize(&bytes, to: offset + new.count) }
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    static func resize(_ bytes: inout [UInt8], to length: Int) {
        if length < bytes.count {
            bytes.removeLast(bytes.count - length)
        } else {
            bytes += repeatElement(0, count: length - bytes.count)
        }
    }

    /// Everything that may lie in the blocks which this change gives back to the file system: the durable bytes, and those
    /// that were written since and may have reached the disk.
    func freed(by change: FileChange) -> [[UInt8]] {
        func all(_ file: Int?, _ range: Range<Int>) -> [[UInt8]] {
            guard let file = file.flatMap({ files[$0] }) else { return [] }
            var found = [Array(file.durable[range.clamped(to: 0..<file.durable.count)])]
            for case (_, .write(let bytes, let offset)) in file.pending {
                let part = range.clamped(to: offset..<offset + bytes.count)
                found.append(Array(bytes[part.lowerBound - offset..<part.upperBound - offset]))
            }
            return found
        }
        return switch change {
        case .unlink(let path): all(names[Self.name(path)], 0..<Int.max)
        case .rename(_, let path): all(names[Self.name(path)], 0..<Int.max)
        case .truncate(let length, let inode): all(fileOfInode[inode], length..<Int.max)
        case .punch(let range, let inode): all(fileOfInode[inode], range)
        default: []
        }
    }
}
