public import Telemetry

extension ObjectCache {
    /// Registers what this cache counts, under the label `cache`; read at each scrape.
    public func register(in metrics: MetricsRegistry, as name: String) {
        func counter(_ metric: String, _ help: String, _ read: @escaping @Sendable (CacheStatistics) -> Int) {
            metrics.counter("vignette_cache_\(metric)_total", help: help, labels: ["cache": name]) { [self] in
                Double(read(statistics))
            }
        }
        func gauge(_ metric: String, _ help: String, _ read: @escaping @Sendable (CacheStatistics) -> Int) {
            metrics.gauge("vignette_cache_\(metric)", help: help, labels: ["cache": name]) { [self] in
                Double(read(statistics))
            }
        }
        counter("memory_hits", "Lookups answered from the memory tier.") { $0.memoryHits }
        counter("disk_hits", "Lookups answered from the disk.") { $0.diskHits }
        counter("misses", "Lookups that found nothing to answer with.") { $0.misses }
        counter("refusals", "Lookups of objects that a purge or an erase forbids.") { $0.refusals }
        counter("corruptions", "Records that did not match their checksum.") { $0.corruptions }
        counter("read_failures", "Reads that the disk failed.") { $0.readFailures }
        counter("write_failures", "Writes that the disk failed.") { $0.writeFailures }
        counter("stores", "Objects taken in.") { $0.stores }
        counter("stores_refused", "Fills that a newer purge or erase forbids.") { $0.storesRefused }
        counter("stores_overloaded", "Fills served and not stored because the disk was behind.") { $0.storesOverloaded }
        counter("stores_without_room", "Fills served and not stored because no room could be made.") {
            $0.storesWithoutRoom
        }
        counter("stores_not_admitted", "Fills served and not stored because nobody had asked for them before.") {
            $0.storesNotAdmitted
        }
        counter("stores_unwritten", "Fills served and not stored because the disk failed.") { $0.storesUnwritten }
        counter("evictions", "Objects that gave way to newer ones.") { $0.evictions }
        counter("evictions_out_of_order", "Of them, those that went with their segment, whatever their age: slow readers or others held the disk's room.") {
            $0.evictionsOutOfOrder
        }
        counter("written_bytes", "Bytes of records written.") { $0.bytesWritten }
        counter("moved_bytes", "Bytes of records that compaction wrote again.") { $0.bytesMoved }
        counter("given_back_bytes", "Bytes of dead records' blocks that were given back in place.") { $0.bytesGivenBack }
        counter("checkpoint_bytes", "Bytes of checkpoints of the index.") { $0.bytesCheckpointed }
        counter("destroyed_bytes", "Bytes of erased records overwritten with zeros.") { $0.bytesDestroyed }
        gauge("objects", "Objects that lookups can find.") { $0.objects }
        gauge("live_bytes", "Bytes of records that lookups can find.") { $0.liveBytes }
        gauge("dead_bytes", "Bytes in segments that no lookup finds any more.") { $0.deadBytes }
        gauge("disk_bytes", "Blocks of all files of the cache, in bytes.") { $0.diskBytes }
        gauge("disk_limit_bytes", "What disk_bytes never exceeds.") { $0.diskLimit }
        gauge("disk_effective_limit_bytes", "What disk_bytes is kept to: the limit, or less where the disk holds less.") {
            $0.diskEffectiveLimit
        }
        gauge("memory_bytes", "Bytes held by the memory tier.") { $0.memoryBytes }
        gauge("pending_bytes", "Memory of the records that wait to be written, bytes.") { $0.pendingBytes }
        gauge("index_bytes", "Memory of the index.") { $0.indexBytes }
    }
}
