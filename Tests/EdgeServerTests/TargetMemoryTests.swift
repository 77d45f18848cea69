import ImageURL
import Testing

@testable import EdgeServer

@Suite struct TargetMemoryTests {
    private final class Meaning: Sendable {
        let text: String
        init(_ text: String) { self.text = text }
    }

    @Test func neverGivesWhatWasKeptForAnotherTarget() {
        let memory = TargetMemory<Meaning>(capacity: 512)
        var found = 0
        for round in 0..<20_000 {
            // Alike at both ends, of every length around a word's; more of them than there are places.
            let number = (round &* 7919) % 3_000
            let target = "/demo/tr:w-\(number)" + String(repeating: "x", count: number % 19) + "/a.jpg"
            let accept = AcceptClass(rawValue: UInt8(round % 4))
            let meaning = "\(target) \(accept.rawValue)"
            if let known = memory.find(target.utf8.span, accept) {
                #expect(known.text == meaning)
                found += 1
            }
            memory.keep(Meaning(meaning), target.utf8.span, accept)
            #expect(memory.find(target.utf8.span, accept)?.text == meaning)
        }
        #expect(found > 0 && found < 10_000)
    }

    @Test func remembersThePopularOnesAndNoLongOne() {
        let memory = TargetMemory<Meaning>(capacity: 8_192)
        let targets = (0..<500).map { "/demo/tr:w-\($0)/a.jpg" }
        for target in targets { memory.keep(Meaning(target), target.utf8.span, []) }
        // By chance a few share a place.
        #expect(targets.count { memory.find($0.utf8.span, []) != nil } > 450)
        let (longest, longer) = (String(repeating: "a", count: 512), String(repeating: "a", count: 513))
        for target in [longest, longer] { memory.keep(Meaning(target), target.utf8.span, []) }
        #expect(memory.find(longest.utf8.span, []) != nil && memory.find(longer.utf8.span, []) == nil)
    }
}
