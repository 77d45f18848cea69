/// What every part of a run is given: the plan, the cores, a folder, and somebody to tell and to be told by.
struct RunSite: Sendable {
    let plan: HitsPlan
    let cores: Cores
    /// It exists, and goes at the run's end.
    let folder: String
    let stop: RunStop
    let tell: @Sendable (String) -> Void
}
