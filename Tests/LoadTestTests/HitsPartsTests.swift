import Testing

@testable import LoadGenerator

@Suite("Scale, overload and slow clients") struct HitsPartsTests {
    @Test func plansThatCannotRunAreRefused() {
        for change: (inout HitsPlan) -> Void in [
            { $0.scale.objects = [] }, { $0.scale.objects = [10, 10] }, { $0.scale.objects = [100, 10] },
            { $0.scale.idleConnections = 15_001 }, { $0.scale.hits.rate = 0 }, { $0.scale.rounds = 0 },
        ] {
            var plan = HitsPlan()
            change(&plan)
            #expect(throws: LoadTestError.self) { try plan.check() }
        }
    }
}
