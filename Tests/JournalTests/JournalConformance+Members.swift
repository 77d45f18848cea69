import CacheProtocol
import Journal
import Testing

extension JournalConformance {
    static func expulsion(_ kind: CommandKind, of node: NodeIdentity = node) -> Command {
        Command(kind: kind, scope: .node(node.folder), label: node.name)
    }

    func aMemberKnowsSinceWhenItIsOne() async throws {
        let journal = try await open()
        _ = try await journal.append([Self.purge("a"), Self.purge("b")], issuedBy: "", at: 0)
        _ = try await journal.endOthers(than: Incarnation(life: 1), of: Self.node)
        _ = try await journal.append(Self.purge("c"), issuedBy: "", at: 0)
        // Joining again, or being granted, is not joining for the first time.
        _ = try await journal.endOthers(than: Incarnation(life: 2), of: Self.node)
        _ = try await journal.grant(1_000, to: Self.other, Incarnation(life: 1))
        for reader in [journal, try await open()] {
            let members = try await reader.members()
            #expect(Set(members.map(\.joinedAt.rawValue)) == [2, 3])
            #expect(members.allSatisfy { $0.state == .active && $0.accountableFrom == .zero })
        }
    }

    func whoIsForgottenKeepsItsLeasesAndIsReadmitted() async throws {
        let journal = try await open()
        let life = Incarnation(life: 1)
        _ = try await journal.grant(1_000, to: Self.node, life)
        _ = try await journal.grant(1_000, to: Self.other, Incarnation(life: 1))
        let revision = try await journal.append(Self.expulsion(.forget), issuedBy: "", at: 0).revision
        _ = try await journal.append(Self.purge("a"), issuedBy: "", at: 0)
        for reader in [journal, try await open()] {
            #expect(try await reader.grants().count == 2)
            let member = try await reader.member(Self.node)
            #expect(member?.state == .forgotten)
            #expect(member?.expulsion == StoredMember.Expulsion(kind: .forgotten, revision: revision))
            #expect(try await reader.member(Self.other)?.state == .active)
        }
        // It runs, and is granted what it asks for; but it has not applied yet that it was forgotten.
        _ = try await journal.grant(1_000, to: Self.node, life)
        try await journal.readmit(Self.node.folder, at: .zero)
        #expect(try await journal.member(Self.node)?.isExpelled == true)
        try await journal.readmit(Self.node.folder, at: Revision(rawValue: 2))
        // A request of before comes late.
        try await journal.readmit(Self.node.folder, at: Revision(rawValue: 1))
        try await journal.readmit(Self.other.folder, at: Revision(rawValue: 2))
        for reader in [journal, try await open()] {
            #expect(try await reader.member(Self.node)?.state == .active)
            #expect(try await reader.member(Self.node)?.accountableFrom == Revision(rawValue: 2))
            #expect(try await reader.member(Self.other)?.accountableFrom == .zero)
        }
        _ = try await journal.append(Self.expulsion(.forget), issuedBy: "", at: 0)
        #expect(try await journal.member(Self.node)?.state == .forgotten)
    }

    func whoIsDeclaredDeadHoldsNothingAndMayJoinAgain() async throws {
        let journal = try await open()
        let first = Incarnation(life: 1)
        let second = Incarnation(life: 2)
        _ = try await journal.grant(1_000, to: Self.node, first)
        _ = try await journal.grant(1_000, to: Self.other, Incarnation(life: 1))
        _ = try await journal.append(
            [Self.purge("a"), Self.expulsion(.declareDead), Self.purge("b")], issuedBy: "", at: 0)
        for reader in [journal, try await open()] {
            #expect(try await reader.grants().map(\.node) == [Self.other])
            #expect(try await reader.member(Self.node)?.state == .declaredDead)
            #expect(try await reader.member(Self.node)?.hasLeft == true)
            await #expect(throws: JournalError.superseded) { try await reader.grant(1_000, to: Self.node, first) }
        }
        _ = try await journal.endOthers(than: second, of: Self.node)
        let joined = try #require(try await journal.member(Self.node))
        #expect(joined.incarnation == second && !joined.hasLeft && joined.isExpelled)
        try await journal.readmit(Self.node.folder, at: Revision(rawValue: 3))
        #expect(try await journal.member(Self.node)?.state == .active)
    }
}

extension Journal {
    func member(_ node: NodeIdentity) async throws -> StoredMember? {
        try await members().first { $0.node.folder == node.folder }
    }
}
