import ObjectCache

/// The first line it is told, of `name=value` words. (No arguments: under a preloaded libfaketime Swift finds none.)
///
///     folder=PATH       the cache's
///     disk=BYTES memory=BYTES behind=BYTES segment=BYTES fileBody=BYTES checkpoint=MILLISECONDS
///     seed=N            of the load
///     keys=N size=N     how many objects, and up to how long
struct Settings {
    var configuration: ObjectCacheConfiguration
    var seed: UInt64 = 1
    var keys = 200
    var size = 8_000

    init(_ line: String) throws(Misuse) {
        var values: [String: String] = [:]
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Misuse("\(word) is not name=value") }
            values[parts[0]] = parts[1]
        }
        func number(_ name: String, _ preset: Int) throws(Misuse) -> Int {
            guard let text = values.removeValue(forKey: name) else { return preset }
            guard let number = Int(text) else { throw Misuse("\(name)=\(text) is no number") }
            return number
        }
        guard let folder = values.removeValue(forKey: "folder") else { throw Misuse("folder=PATH is missing") }
        configuration = ObjectCacheConfiguration(folder: folder, diskBytes: try number("disk", 4 << 20), shards: 4)
        configuration.memoryBytes = try number("memory", 64 << 10)
        configuration.writeBehindBytes = try number("behind", 64 << 20)
        configuration.segmentBytes = try number("segment", 0)
        if configuration.segmentBytes == 0 { configuration.segmentBytes = nil }
        configuration.fileBodyBytes = try number("fileBody", 4_000)
        configuration.checkpointMilliseconds = try number("checkpoint", 10_000)
        seed = UInt64(try number("seed", 1))
        keys = try number("keys", keys)
        size = try number("size", size)
        if let unknown = values.keys.first { throw Misuse("\(unknown) is no setting") }
    }
}

struct Misuse: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
