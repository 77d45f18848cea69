/// Mistakes that the checker must find. Each stands in the simulated shells or around the product's machines, never in them,
/// and breaks one rule wherever it is kept: a single line is often held by another one.
package enum PlantedBug: String, CaseIterable, CustomStringConvertible, Sendable {
    // Acknowledging and the journal.
    case acknowledgeBeforePersist
    case acknowledgeBeforeApply
    case grantNotSerialisedWithAppend
    case grantsForgottenAtRestart
    case skipTakenForDuplicate
    case cachesKeptOffTheChain
    case appliedBeforePersisted
    case configuredBeforeApplied
    case restoreWithinALifeUnnoticed
    case restoreWaitsByItsOwnLeases
    case unknownLeasesForgottenAtRestart

    // Leases.
    case leaseByWallClock
    case leaseByCachedTick
    case countedFromReceipt
    case waitWithoutMargin
    case grantUsedBeforeItsHead
    case grantUsedAtEveryEndpoint
    case leaseShortenedTooEarly
    case leasesOfALaterConfiguration
    case sitesOfTheNewestConfiguration
    case lateJoinEndsItsSuccessor
    case firstOfThreeJoinsEndsTheLast
    case oldIncarnationStillServing
    case cloneKeepsItsIdentity
    case forgetEndsALiveNode

    // Fills.
    case fillWithoutLease
    case fillWithoutMinRevision
    case floorNotInTheQuestion
    case otherReadingTaken
    case shieldCopyStampedAtTransform
    case stampedAfterTheRead
    case stampAboveOwnApplied
    case stampAboveAppliedWhenAsked
    case joinOfAnOlderFill
    case tagUnknownAtFill
    case notModifiedRevives
    case notModifiedForAPurgedView
    case notModifiedStampedAtItsAnswer
    case purgedStandsIn

    // What is made of two sources.
    case overlayKeyNotRecorded
    case overlayNotAmongTheCandidates
    case compositeStampedAtItsLaterRead
    case compositeOlderThanItsTags

    // Rules.
    case liftDropsThePurge
    case softOverHard
    case softPurgeIgnored
    case urlAliasNotMatched
    case lostTombstoneAtTheSnapshot
    case ruleDroppedUnderRunningFill
    case rulesDroppedWithoutFloor
    case configurationAcknowledgedUnread
    case configurationOfALostHistoryKept

    // Erases.
    case joinAwaitedOnceKnown
    case removalReportedBeforeDestroyed
    case removalsNotAskedForAgain
    case answersGoOnAfterErase
    case noBarrierBeforeDestroying

    package var description: String { rawValue }

    /// Where a search may begin: of those that few histories show, shortly before one that does. A change of the simulation
    /// moves it, which costs time and no proof.
    package var earliestSeed: UInt64 {
        switch self {
        case .joinAwaitedOnceKnown: 708_316_417_122_309_500
        case .fillWithoutLease: 184_970_263_505_495_100
        case .restoreWaitsByItsOwnLeases: 4_600
        case .stampAboveAppliedWhenAsked: 572_926_378_417_689_500
        case .stampAboveOwnApplied: 32_000
        case .grantNotSerialisedWithAppend: 22_700
        case .leasesOfALaterConfiguration: 16_100
        case .configuredBeforeApplied: 14_600
        case .configurationOfALostHistoryKept: 13_200
        case .unknownLeasesForgottenAtRestart: 7_300
        case .sitesOfTheNewestConfiguration, .lateJoinEndsItsSuccessor: 900
        case .tagUnknownAtFill: 700
        case .removalsNotAskedForAgain, .noBarrierBeforeDestroying: 600
        case .liftDropsThePurge, .restoreWithinALifeUnnoticed: 500
        default: 0
        }
    }

    /// Of those that hardly any history shows: the faults that they need.
    func sharpen(_ settings: inout SimulationSettings) {
        switch self {
        case .firstOfThreeJoinsEndsTheLast: settings.faults = [.killEdgeOften]
        case .lostTombstoneAtTheSnapshot: (settings.faults, settings.erases) = ([.fold, .restore], true)
        case .restoreWaitsByItsOwnLeases: settings.faults = [.restore, .cutOff]
        default: return
        }
        settings.faultCount = 14
    }

    /// Stamped too late by whoever made it. That nothing counts as newer than what its taker had applied when it asked makes each
    /// of them harmless; so that goes too, and only what its taker has applied by then still binds.
    var isOfStamps: Bool {
        switch self {
        case .stampAboveAppliedWhenAsked, .shieldCopyStampedAtTransform, .stampedAfterTheRead, .compositeStampedAtItsLaterRead,
            .notModifiedStampedAtItsAnswer:
            true
        default: false
        }
    }

    var isInTheRules: Bool {
        switch self {
        case .liftDropsThePurge, .softOverHard, .rulesDroppedWithoutFloor: true
        default: false
        }
    }
}
