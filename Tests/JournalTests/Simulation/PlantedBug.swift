/// Mistakes that the checker must find. They live in the simulated nodes and the simulated origin, not in the machines.
enum PlantedBug: String, CaseIterable, CustomStringConvertible {
    /// A node acknowledges what it has received, before it applies it.
    case acknowledgeBeforeApply
    /// The ledger learns of a grant after its holder.
    case recordGrantAfterAnswer
    /// The ledger learns of a grant after its transaction: a command that commits in between misses it.
    case recordGrantAfterCommit
    /// A node counts its grant from when it received it.
    case countFromReceipt
    /// The journal's side waits exactly as long as it has granted.
    case waitWithoutMargin
    /// The delayed join of a process that is gone ends its living successor.
    case lateJoinEndsSuccessor
    /// A restarted origin does not ask the journal for the grants in force.
    case forgetGrantsAtRestart
    /// A grant lets its holder answer before it has applied the head that the grant names.
    case useGrantBeforeItsHead

    var description: String { rawValue }
}
