internal import CacheProtocol

/// What the index knows of one object: 56 bytes, whatever else there is lies on the disk or in the memory tier.
struct IndexEntry {
    var high: UInt64
    var low: UInt64
    /// When it was last used (LRU) or came in (SIEVE), by the counter that all shards share.
    var stamp: UInt64
    /// 0 while the record waits to be written.
    var segment: UInt32 = 0
    /// In units of 8 bytes.
    private var offsetUnits: UInt32 = 0
    /// The record's length in units of 8 bytes, and the flags in the lowest four bits.
    private var extentAndFlags: UInt32
    /// Neighbours in the order of eviction; `SlotList.none` at the ends.
    var newer = SlotList.none
    var older = SlotList.none
    private var checked: UInt32
    private var fill: UInt32
    /// Slot of the memory tier; `SlotList.none` if the object isn't there.
    var memory = SlotList.none

    private static let flagBits: UInt32 = 4
    private static let verifiedFlag: UInt32 = 1
    private static let staleFlag: UInt32 = 2
    private static let visitedFlag: UInt32 = 4
    private static let handedOutFlag: UInt32 = 8
    /// The longest record that the fields can say.
    static let extentLimit = Int(UInt32.max >> flagBits) * RecordFormat.alignment

    init(key: CacheKey, stamp: UInt64, extent: Int, fill: Revision, checkedThrough: Revision) {
        high = key.digest.high
        low = key.digest.low
        self.stamp = stamp
        extentAndFlags = UInt32(extent / RecordFormat.alignment) << Self.flagBits
        self.fill = UInt32(clamping: fill.rawValue)
        checked = 0
        self.checkedThrough = checkedThrough
    }

    var key: CacheKey { CacheKey(Digest128(high: high, low: low)) }

    var extent: Int { Int(extentAndFlags >> Self.flagBits) * RecordFormat.alignment }

    var location: RecordLocation? {
        get { segment == 0 ? nil : RecordLocation(segment: segment, offset: Int(offsetUnits) * RecordFormat.alignment) }
        set {
            segment = newValue?.segment ?? 0
            offsetUnits = UInt32((newValue?.offset ?? 0) / RecordFormat.alignment)
        }
    }

    /// Revisions above 2^32 - 1 are kept as that number: such an object is looked at once more than it need be at each
    /// hit, never once less.
    var checkedThrough: Revision {
        get { Revision(rawValue: UInt64(checked)) }
        set { checked = UInt32(clamping: newValue.rawValue) }
    }

    /// Not greater than the fill revision, for the same reason: compared with the floor only.
    var fillAtMost: Revision { Revision(rawValue: UInt64(fill)) }

    /// Whether the body's checksum has been compared since the start.
    var isVerified: Bool {
        get { extentAndFlags & Self.verifiedFlag != 0 }
        set { set(Self.verifiedFlag, newValue) }
    }

    /// Whether the body was handed out as a part of the file since the start: a socket may send from these pages for as long as
    /// its client takes, and nobody hears of its end.
    var isHandedOut: Bool {
        get { extentAndFlags & Self.handedOutFlag != 0 }
        set { set(Self.handedOutFlag, newValue) }
    }

    /// Whether a soft purge through `checkedThrough` matches: by which one, the rules must say.
    var isStale: Bool {
        get { extentAndFlags & Self.staleFlag != 0 }
        set { set(Self.staleFlag, newValue) }
    }

    /// SIEVE's mark: used since the hand came by.
    var isVisited: Bool {
        get { extentAndFlags & Self.visitedFlag != 0 }
        set { set(Self.visitedFlag, newValue) }
    }

    private mutating func set(_ flag: UInt32, _ isOn: Bool) {
        extentAndFlags = isOn ? extentAndFlags | flag : extentAndFlags & ~flag
    }
}

/// Where a record lies.
struct RecordLocation: Hashable, Sendable {
    var segment: UInt32
    var offset: Int
}

enum SlotList {
    /// No slot.
    static let none = UInt32.max
}
