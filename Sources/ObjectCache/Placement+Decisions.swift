/// What is to be done next. Nothing here changes what is counted.
extension Placement {
    /// Sparse segments are joined when there are more than so many times as many as the limit would fill.
    private static let sparseness = 4

    /// What to do to append a record of `extent` bytes.
    mutating func next(appending extent: Int) -> Action {
        guard extent <= longest else { return .refuse }
        if let step = bounding() { return step }
        if let step = place(extent, limit: limit - reserve, mayOpen: disk.mayOpenToAppend) { return step }
        if let step = givingBack() { return step }
        // Cheaper than losing an object: at least as much comes free as is written again.
        if let step = compaction(deadShareAtLeast: 0.5) { return step }
        if giveWayInVain { return .refuse }
        if let number = segmentToAbandon() { return .abandon(number) }
        if live > 0 { return .evict }
        if let active, segments[active]?.dead ?? 0 > 0 { return .seal }
        return .refuse
    }

    /// The longest record that is taken in: on a smaller disk it is shorter, so that one object does not drive out all.
    private var longest: Int {
        limit == allowance ? extentLimit : Int(Double(extentLimit) * Double(limit) / Double(allowance))
    }

    /// What keeps dead space within its bound when nothing is to be appended: nil when there is nothing to do.
    mutating func tidying() -> Action? {
        bounding() ?? givingBack()
    }

    private mutating func bounding() -> Action? {
        if let number = empty.first { return .unlink(number) }
        if dead * 5 > limit { return givingBack() ?? compaction(deadShareAtLeast: 0) }
        return segments.count > Self.sparseness * max(limit / segmentBytes, 8) ? joining() : nil
    }

    private mutating func givingBack() -> Action? {
        guard givesBack, !holdsBack else { return nil }
        while let record = offers.popLast() {
            if let segment = segments[record.location.segment], segment.live > 0 || record.location.segment == active {
                return .giveBack(record)
            }
        }
        return nil
    }

    /// Moves what is live in the segment with the least of it.
    private func joining() -> Action? {
        let candidates = segments.lazy.filter { [stuck, active] in !stuck.contains($0.key) && $0.key != active }
        guard let least = candidates.min(by: { $0.value.live < $1.value.live }), canMove(least.value.live) else { return nil }
        return .compact(least.key)
    }

    /// What to do to append a record that compaction moves: `.append`, `.open`, `.seal` or `.refuse`.
    func next(moving extent: Int) -> Action {
        place(extent, limit: limit, mayOpen: disk.mayOpenToMove) ?? .refuse
    }

    private func place(_ extent: Int, limit: Int, mayOpen: Bool) -> Action? {
        let mayOpen = mayOpen && used + CacheFolder.blocks(SegmentHeader.size + extent) <= limit
        guard let active, let segment = segments[active] else { return mayOpen ? .open : nil }
        // A record longer than a segment gets one of its own.
        if segment.length + extent <= segmentBytes || segment.length == SegmentHeader.size {
            let growth = CacheFolder.blocks(segment.length + extent) - CacheFolder.blocks(segment.length)
            return used + growth <= limit ? .append : nil
        }
        return mayOpen ? .seal : nil
    }

    private func compaction(deadShareAtLeast share: Double) -> Action? {
        func deadShare(_ segment: Segment) -> Double {
            Double(segment.dead) / Double(max(segment.length - segment.punched, 1))
        }
        let candidates = segments.lazy.filter { [stuck] in !stuck.contains($0.key) }
        guard let worst = candidates.max(by: { deadShare($0.value) < deadShare($1.value) }),
            worst.value.dead > 0, deadShare(worst.value) >= share, canMove(worst.value.live)
        else { return nil }
        return worst.key == active ? .seal : .compact(worst.key)
    }

    private func canMove(_ live: Int) -> Bool {
        // Moving takes the live bytes once more, and a partly filled block for each of the segments they may come to lie in.
        guard used + CacheFolder.blocks(live) + 4 * 4096 <= limit else { return false }
        return disk.mayOpenToMove || active.flatMap { segments[$0] }.map { $0.length + live <= segmentBytes } ?? false
    }

    /// Whether much of what gives way would bring no room: answers hold segments that are unlinked, or segments with live objects
    /// have to stay for now. One record could drive out nearly all objects then.
    private var giveWayInVain: Bool {
        let much = max(limit / 8, 2 * segmentBytes)
        return unlinkedBlocks > much || stuck.reduce(0) { $0 + (segments[$1]?.live ?? 0) } > much
    }

    /// Under a limit there is room to compact what is half dead. A disk that others filled has none, nor is there any where
    /// answers hold what was compacted: to evict by age until a whole segment happens to be dead would cost nearly all objects,
    /// this costs those of the segment with the fewest live bytes.
    private func segmentToAbandon() -> UInt32? {
        guard limit < allowance || !disk.mayOpenToAppend || unlinkedBlocks > 0 else { return nil }
        let sealed = segments.filter { [stuck, active] in $0.key != active && !stuck.contains($0.key) }
        guard let least = sealed.min(by: { $0.value.live < $1.value.live }), !canMove(min(least.value.live, segmentBytes / 2))
        else { return nil }
        return least.key
    }
}
