/// How `vignette` ends; scripts rely on these numbers.
enum Outcome: Int32 {
    /// What was asked for is done; with `--wait`, it is completed.
    case done = 0
    /// The cluster refused it, could not be reached, or failed; a receipt is not valid.
    case failed = 1
    /// The command line is wrong; nothing was sent.
    case usage = 2
    /// The command was accepted but was not completed (with `--wait-removed`: not removed) within `--timeout`. It goes on.
    /// Of a question: not every node told.
    case timedOut = 3
}
