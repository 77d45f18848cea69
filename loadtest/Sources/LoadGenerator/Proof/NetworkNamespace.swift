internal import Foundation
internal import Glibc

/// A network namespace for one edge, joined to the machine by two virtual cables: one for its clients, one to the origin.
/// Only the second one is ever pulled.
///
/// The edge listens and calls on the namespace's own loopback; a process in there (`vignette-loadtest relay`) passes its
/// bytes over the cables, and relays of the proof meet them outside. So packets are really lost, and TCP really sends them
/// again: when the cable is back, bytes of before the cut still arrive, which no relay in user space would bring.
final class NetworkNamespace: Sendable {
    let name: String
    private let originCable: String
    private let process: NamespaceRelay
    private let relays: [LinkRelay]

    /// Where clients' bytes enter the namespace: none of the edge's own ports.
    private static let door = 7_000

    /// - Parameters:
    ///   - number: the edge's, from 1 on.
    ///   - inward: the edge's public port, which clients find at the same place as ever.
    ///   - outward: the port at which the edge calls its origin.
    ///   - origin: the port of the origin's cache protocol.
    /// - Throws: when the machine does not let us.
    init(number: Int, inward: Int, outward: Int, origin: Int) throws {
        // Names of devices are short, and what a killed run left must not stand in the way of the next.
        let tag = String(UInt32.random(in: 0x10000...0xFFFFF), radix: 16)
        name = "vignette-\(tag)-\(number)"
        // Networks too.
        let free = Set((0..<64).map { $0 * 4 + number % 4 }).subtracting(Self.blocksInUse)
        guard let block = free.randomElement() else {
            throw LoadTestError(.cluster, "all of 10.231.0.0/16 is taken by earlier runs: `ip netns list` shows their namespaces")
        }
        try Self.ip("netns", "add", name)
        do {
            try Self.ip("-n", name, "link", "set", "lo", "up")
            let clients = try Self.plug("vg\(tag)c\(number)", into: name, network: "10.231.\(block)")
            let outside = try Self.plug("vg\(tag)o\(number)", into: name, network: "10.232.\(block)")
            originCable = "vg\(tag)o\(number)"
            process = try NamespaceRelay(in: name, passing: [
                "\(clients.inside):\(Self.door)=127.0.0.1:\(inward)", "127.0.0.1:\(outward)=\(outside.outside):\(outward)",
            ])
            relays = [
                try LinkRelay(port: inward, target: Self.door, targetHost: clients.inside),
                try LinkRelay(host: outside.outside, port: outward, target: origin),
            ]
        } catch {
            try? Self.ip("netns", "del", name)
            throw error
        }
    }

    /// Why the machine can't do it; nil when it can.
    static var obstacle: String? {
        guard geteuid() == 0 else { return "network namespaces need root" }
        let probe = "vignette-probe-\(UInt32.random(in: 0 ... .max))"
        do {
            try ip("netns", "add", probe)
            try ip("netns", "del", probe)
            return nil
        } catch {
            return "network namespaces can't be made here: \(reason(error))"
        }
    }

    func pullOriginCable() throws { try Self.ip("link", "set", originCable, "down") }

    func plugOriginCable() throws { try Self.ip("link", "set", originCable, "up") }

    /// Takes it away; its cables go with it. No node may run in it any more.
    func remove() throws {
        process.end()
        for relay in relays { relay.stop() }
        try Self.ip("netns", "del", name)
    }

    private static func plug(
        _ cable: String, into name: String, network: String
    ) throws -> (outside: String, inside: String) {
        let far = cable + "n"
        try ip("link", "add", cable, "type", "veth", "peer", "name", far, "netns", name)
        try ip("addr", "add", "\(network).1/30", "dev", cable)
        try ip("link", "set", cable, "up")
        try ip("-n", name, "addr", "add", "\(network).2/30", "dev", far)
        try ip("-n", name, "link", "set", far, "up")
        return ("\(network).1", "\(network).2")
    }

    /// The third numbers of this machine's addresses in 10.231.0.0/16.
    private static var blocksInUse: Set<Int> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var blocks: Set<Int> = []
        var next = first
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard let address = interface.ifa_addr, address.pointee.sa_family == AF_INET else { continue }
            let number = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
            if number >> 16 == 10 << 8 | 231 { blocks.insert(Int(number >> 8 & 0xFF)) }
        }
        return blocks
    }

    private static func ip(_ arguments: String...) throws {
        try ProofCluster.run("/usr/bin/env", ["ip"] + arguments, [:])
    }
}

/// `vignette-loadtest relay` inside a namespace. It ends when its standard input does: with the proof, however that ends.
private final class NamespaceRelay: @unchecked Sendable {
    // Both are set at the start and used by `end` alone, which its owner calls once.
    private let process = Process()
    private let input = Pipe()

    init(in name: String, passing ports: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        process.arguments = ["ip", "netns", "exec", name, own, "relay"] + ports
        process.standardInput = input
        do { try process.run() } catch { throw LoadTestError(.cluster, "can't run a relay in a namespace: \(reason(error))") }
    }

    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
