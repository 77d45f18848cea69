/// How `vignette` ends; scripts rely on these numbers.
enum Outcome: Int32 {
    /// What was asked for is done; with `--wait`, it is completed.
    case done = 0
    /// The cluster refused it, could not be reached, or failed.
    case failed = 1
    /// The command line is wrong; nothing was sent.
    case usage = 2
    /// The command was accepted but was not completed within `--timeout`. It goes on.
    case timedOut = 3
}
