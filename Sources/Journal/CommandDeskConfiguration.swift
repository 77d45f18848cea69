/// Settings of the desk.
public struct CommandDeskConfiguration: Hashable, Sendable {
    /// How long a grant lets a node answer: milliseconds. 600,000 (ten minutes) unless set; 2,000 to 86,400,000.
    public var lease: UInt64
    /// The longest that an answer without news is held back: milliseconds. 60,000 unless set.
    public var maxPatience: UInt64
    /// Entries in one answer. 200 unless set; with `maxCommand` it stays below what a frame may carry.
    public var batch: Int
    /// Entries kept in memory for followers. 4,096 unless set.
    public var tail: Int
    /// The longest command: bytes. 65,536 unless set.
    public var maxCommand: Int
    /// After how long a completion that could not be recorded is tried again: milliseconds. 1,000 unless set.
    public var retry: UInt64

    public init(
        lease: UInt64 = 600_000, maxPatience: UInt64 = 60_000, batch: Int = 200, tail: Int = 4_096,
        maxCommand: Int = 65_536, retry: UInt64 = 1_000
    ) {
        self.lease = lease
        self.maxPatience = maxPatience
        self.batch = batch
        self.tail = tail
        self.maxCommand = maxCommand
        self.retry = retry
    }
}
