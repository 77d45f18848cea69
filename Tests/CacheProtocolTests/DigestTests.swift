import CacheProtocol
import Testing

struct DigestTests {
    @Test func partsDoNotRunIntoEachOther() {
        #expect(Digest128(hashing: "a", "bc") != Digest128(hashing: "ab", "c"))
        #expect(Digest128(hashing: "a") != Digest128(hashing: "a", ""))
    }

    @Test func textIsHashedAsItsBytes() {
        // Equal as Swift strings, two keys in a storage.
        #expect(Digest128(hashing: "é") != Digest128(hashing: "e\u{301}"))
    }

    @Test func anEndlessSupplyOfNamesSharesNoDigest() {
        #expect(Set((0..<10_000).map { Digest128(hashing: "\($0)") }).count == 10_000)
    }

    @Test func itsTextHasThirtyTwoDigits() {
        #expect(Digest128(high: 1, low: 0xAB).description == "000000000000000100000000000000ab")
    }

    @Test func theChainDependsOnEverythingBefore() {
        let command = Command(kind: .hardPurge, scope: .all, label: "")
        func entry(_ number: UInt64, _ by: String, _ chain: ChainDigest) -> JournalEntry {
            JournalEntry(
                revision: Revision(rawValue: number), command: command, issuedAt: 1, issuedBy: by, following: chain)
        }
        let root = ChainDigest.root(of: .random())
        #expect(root != ChainDigest.root(of: .random()))
        let first = entry(1, "a", root)
        let other = entry(1, "b", root)
        #expect(entry(2, "c", first.chain).chain != entry(2, "c", other.chain).chain)
        #expect(entry(1, "a", root).chain == first.chain)
    }

    @Test func crc32cIsTheOneOfRFC3720() {
        // RFC 3720 appendix B.4: 32 bytes of zeros, of ones, and counting up.
        #expect(Checksum.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(Checksum.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(Checksum.crc32c((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for cut in [0, 1, 7, 8, 9, 500, 1_000] {
            let head = Checksum.crc32c(Array(bytes[..<cut]))
            #expect(Checksum.crc32c(Array(bytes[cut...]), continuing: head) == Checksum.crc32c(bytes))
        }
    }

    @Test func anOriginThatGoesMovesOnlyItsOwnSources() {
        let origins = ["a", "b", "c"]
        for number in 0..<200 {
            let source = SourceIdentity(storage: "s", key: "\(number)")
            let order = OwnerSelection.order(origins, for: source)
            #expect(order.sorted() == origins)
            #expect(OwnerSelection.order(["c", "a"], for: source) == order.filter { $0 != "b" })
        }
        let owners = (0..<900).map { OwnerSelection.order(origins, for: SourceIdentity(storage: "s", key: "\($0)"))[0] }
        for origin in origins { #expect((200...400).contains(owners.filter { $0 == origin }.count)) }
    }
}
