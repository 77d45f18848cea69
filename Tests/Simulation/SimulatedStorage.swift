/// The storages behind the origin: images come, change and go. Reading takes time, and may fail.
final class SimulatedStorage {
    struct File {
        var version: Int
        var validator: Int
        var tags: Int
    }

    enum Answer {
        case file(File, at: UInt64)
        case notModified(at: UInt64)
        case absent(at: UInt64)
        case failed
    }

    private let world: World
    /// By storage and image; nil where there is none.
    private(set) var files: [File?]
    private var lastVersion = 0
    /// Per cent of reads.
    var failing = 0

    init(_ world: World) {
        self.world = world
        files = Array(repeating: nil, count: Catalogue.storages * Catalogue.images)
        for place in files.indices where world.random.chance(60) { put(place) }
    }

    func file(_ storage: Int, _ image: Int) -> File? { files[storage * Catalogue.images + image] }

    private func put(_ place: Int) {
        lastVersion += 1
        // A storage whose validators are as fine as its clock gives two versions the same one.
        let validator = world.random.chance(30) ? files[place]?.validator ?? lastVersion : lastVersion
        files[place] = File(version: lastVersion, validator: validator, tags: world.random.index(below: 8))
    }

    func change() {
        let place = world.random.index(below: files.count)
        if world.random.chance(20) { files[place] = nil } else { put(place) }
        world.note("storage", "\(Catalogue.sources[place]) is \(files[place].map { "version \($0.version)" } ?? "gone")")
    }

    /// - Parameter validator: of a copy that would do still.
    func read(_ storage: Int, _ image: Int, validator: Int?, _ done: @escaping (Answer) -> Void) {
        world.after(world.pause()) { [self] in
            let answer: Answer
            if world.random.chance(failing) {
                answer = .failed
            } else if let file = file(storage, image) {
                answer = file.validator == validator ? .notModified(at: world.now) : .file(file, at: world.now)
            } else {
                answer = .absent(at: world.now)
            }
            world.after(world.pause()) { done(answer) }
        }
    }
}
