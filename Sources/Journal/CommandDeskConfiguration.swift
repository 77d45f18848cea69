/// Settings of the desk.
public struct CommandDeskConfiguration: Hashable, Sendable {
    /// How long a grant lets a node answer while the journal has no configuration: milliseconds. 600,000 (ten minutes)
    /// unless set; 2,000 to 86,400,000.
    public var lease: UInt64
    /// The longest that an answer without news is held back: milliseconds. 60,000 unless set.
    public var maxPatience: UInt64
    /// Entries in one answer. 1,000 unless set; less where `maxAnswer` does not take them.
    public var batch: Int
    /// Entries kept in memory for followers. 4,096 unless set.
    public var tail: Int
    /// The longest command: bytes. 65,536 unless set.
    public var maxCommand: Int
    /// The longest command that configures: bytes. 1,048,576 unless set.
    public var maxConfiguration: Int
    /// What the entries of one answer may take, and likewise what is told of erases with a snapshot: bytes. 3,145,728 unless
    /// set; twice that and a snapshot stay below what a frame may carry.
    public var maxAnswer: Int
    /// Commands in one transaction. 500 unless set: a disk's sync then costs each of them next to nothing, and nobody waits
    /// long behind them.
    public var commandsAtOnce: Int
    /// After how long a completion that could not be recorded is tried again: milliseconds. 1,000 unless set.
    public var retry: UInt64
    /// Sources that may be erased at one time. 100,000 unless set: what a node keeps for good in its memory.
    public var maxTombstones: Int
    /// Entries that are kept whole. 50,000 unless set: a node that was away for fewer goes on where it was.
    public var wholeEntries: Int
    /// How many entries beyond `wholeEntries` are folded at one time. 10,000 unless set.
    public var foldStep: Int
    /// Marks in the snapshot before its floor rises. 200,000 unless set.
    public var snapshotRules: Int
    /// After how long a node that has not answered a question is asked it again: milliseconds. 5,000 unless set.
    public var askAgain: UInt64

    public init(
        lease: UInt64 = 600_000, maxPatience: UInt64 = 60_000, batch: Int = 1_000, tail: Int = 4_096,
        maxCommand: Int = 65_536, maxConfiguration: Int = 1 << 20, maxAnswer: Int = 3 << 20, commandsAtOnce: Int = 500,
        retry: UInt64 = 1_000, maxTombstones: Int = 100_000, wholeEntries: Int = 50_000, foldStep: Int = 10_000,
        snapshotRules: Int = 200_000, askAgain: UInt64 = 5_000
    ) {
        self.lease = lease
        self.maxPatience = maxPatience
        self.batch = batch
        self.tail = tail
        self.maxCommand = maxCommand
        self.maxConfiguration = maxConfiguration
        self.maxAnswer = maxAnswer
        self.commandsAtOnce = commandsAtOnce
        self.retry = retry
        self.maxTombstones = maxTombstones
        self.wholeEntries = wholeEntries
        self.foldStep = foldStep
        self.snapshotRules = snapshotRules
        self.askAgain = askAgain
    }
}
