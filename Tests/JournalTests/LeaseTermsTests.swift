import CacheProtocol
import Journal
import Testing

struct LeaseTermsTests {
    private func purge(_ sites: String...) -> Command {
        Command(kind: .hardPurge, scope: .all, sites: sites, label: "")
    }

    private func revision(_ number: UInt64) -> Revision { Revision(rawValue: number) }

    @Test func withoutAConfigurationEveryEndpointHasTheUsualLease() {
        let terms = LeaseTerms(unconfigured: 600)
        #expect(terms.longest == 600)
        #expect(terms.lease(of: purge()) == 600)
        #expect(terms.lease(of: purge("x")) == 600)
    }

    @Test func aCommandWaitsByTheLongestOfItsEndpointsInEveryConfigurationThatMayBeInForce() {
        var terms = LeaseTerms(unconfigured: 600)
        terms.committed(revision(1), EndpointLeases(bySite: ["x": 10, "y": 50], longest: 90))
        // Somebody may still serve by none.
        #expect(terms.longest == 600)
        #expect(terms.lease(of: purge("x")) == 600)
        terms.completed(revision(1))
        #expect(terms.longest == 90)
        #expect(terms.lease(of: purge("x")) == 10)
        #expect(terms.lease(of: purge("x", "y")) == 50)
        #expect(terms.lease(of: purge()) == 90)

        terms.committed(revision(5), EndpointLeases(bySite: ["x": 2], longest: 2))
        #expect(terms.lease(of: purge("x")) == 10)
        #expect(terms.lease(of: purge("y")) == 50)
        terms.committed(revision(7), EndpointLeases(bySite: ["x": 30], longest: 300))
        #expect(terms.lease(of: purge("x")) == 30)
        #expect(terms.longest == 300)
        terms.completed(revision(5))
        #expect(terms.lease(of: purge("x")) == 30)
        // Gone from all: whoever could answer through it has run out, or it was never there.
        #expect(terms.lease(of: purge("y")) == 300)
        terms.completed(revision(7))
        #expect(terms.longest == 300)
    }

    @Test func whatIsCompletedTwiceOrUnknownChangesNothing() {
        var terms = LeaseTerms(unconfigured: 600)
        terms.committed(revision(3), EndpointLeases(bySite: ["x": 10], longest: 10))
        terms.completed(revision(2))
        #expect(terms.longest == 600)
        terms.completed(revision(3))
        terms.committed(revision(3), EndpointLeases(bySite: ["x": 99], longest: 99))
        terms.completed(revision(3))
        #expect(terms.longest == 10)
    }

    @Test(arguments: [CommandKind.configure, .forget, .declareDead])
    func whatConcernsEveryEndpointWaitsByTheLongest(_ kind: CommandKind) {
        var terms = LeaseTerms(unconfigured: 600)
        terms.committed(revision(1), EndpointLeases(bySite: ["x": 10], longest: 90))
        terms.completed(revision(1))
        let command = Command(kind: kind, scope: .node(1), sites: ["x"], label: "")
        #expect(terms.lease(of: command) == 90)
    }
}
