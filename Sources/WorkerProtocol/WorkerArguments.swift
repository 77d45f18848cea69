/// The command line with which the origin starts a worker.
public struct WorkerArguments: Equatable, Sendable {
    /// The origin's process: the worker ends with it.
    public var parent: Int32
    /// Address space, libraries included.
    public var memoryBytes: Int
    /// Bytes of the largest file, memory files included, that the worker may write.
    public var outputBytes: Int

    public init(parent: Int32, memoryBytes: Int, outputBytes: Int) {
        self.parent = parent
        self.memoryBytes = memoryBytes
        self.outputBytes = outputBytes
    }

    /// Without the executable's own name.
    public var commandLine: [String] {
        [String(parent), String(memoryBytes), String(outputBytes)]
    }

    /// nil when the line is not one that ``commandLine`` wrote.
    public init?(commandLine: some Collection<String>) {
        let numbers = commandLine.compactMap { Int($0) }
        guard commandLine.count == 3, numbers.count == 3, numbers.allSatisfy({ $0 > 0 }),
            let parent = Int32(exactly: numbers[0])
        else { return nil }
        self.init(parent: parent, memoryBytes: numbers[1], outputBytes: numbers[2])
    }
}
