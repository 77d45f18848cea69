internal import Synchronization

/// Which records on the disk are being read outside the shards' locks, as file regions: their blocks stay until nobody does.
///
/// 1. A pin is taken under the lock of the shard whose index names the record. So when a record has died and has no pin, it
///    never gets one again, and its blocks may go.
/// 2. Records that are read into memory and checked need no pin: one whose blocks went under the read fails its checksum, and
///    the index, asked again, doesn't know it any more.
final class RecordPins: Sendable {
    private struct State {
        var counts: [RecordLocation: Int] = [:]
        /// Dead records that wait for their last pin.
        var waiting: [RecordLocation: DeadRecord] = [:]
    }

    private let state = Mutex(State())
    private let space: SpaceLedger

    init(_ space: SpaceLedger) {
        self.space = space
    }

    func pin(_ location: RecordLocation) -> RecordPin {
        state.withLock { $0.counts[location, default: 0] += 1 }
        return RecordPin(location, self)
    }

    /// Whether somebody reads the dead record: then it is offered to the ledger again when nobody does.
    func holds(_ record: DeadRecord) -> Bool {
        state.withLock { state in
            guard state.counts[record.location] != nil else { return false }
            state.waiting[record.location] = record
            return true
        }
    }

    fileprivate func unpin(_ location: RecordLocation) {
        let free: DeadRecord? = state.withLock { state in
            guard let count = state.counts[location], count <= 1 else {
                state.counts[location]? -= 1
                return nil
            }
            state.counts[location] = nil
            return state.waiting.removeValue(forKey: location)
        }
        if let free { space.placement.withLock { $0.offered(free) } }
    }
}

/// Holds one record's blocks for as long as it lives.
final class RecordPin: Sendable {
    private let location: RecordLocation
    private let pins: RecordPins

    fileprivate init(_ location: RecordLocation, _ pins: RecordPins) {
        self.location = location
        self.pins = pins
    }

    deinit { pins.unpin(location) }
}
