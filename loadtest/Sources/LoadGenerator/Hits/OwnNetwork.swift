internal import Foundation
internal import Glibc

/// A network namespace of the run's own. It goes with the last process in it, so nobody has to take it away.
///
/// Its loopback has TCP's congestion control set to Reno: the machine's may be BBR, which paces, and distorts what
/// large bodies cost on loopback up to sevenfold.
public enum OwnNetwork {
    private static let own = "/proc/self/ns/net"
    private static let congestionControl = "/proc/sys/net/ipv4/tcp_congestion_control"

    /// Names the namespace that this process is in.
    public static var name: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: own)) ?? ""
    }

    /// Starts this program over in a namespace of its own. Does not return.
    /// - Parameter arguments: of the program.
    public static func restart(_ arguments: [String]) throws -> Never {
        guard geteuid() == 0 else {
            throw LoadTestError(.machine, "this needs root: it makes a network namespace, and reads what servers cost")
        }
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        // Loopback is up before the program begins: Foundation's Process talks to itself over it, and waits for ever
        // without.
        let command = ["unshare", "--net", "--", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\"", program]
        var words: [UnsafeMutablePointer<CChar>?] = (command + arguments).map { strdup($0) }
        words.append(nil)
        execvp("unshare", &words)
        throw LoadTestError(
            .tool, "can't run unshare (Debian's package util-linux): \(String(cString: strerror(errno)))")
    }

    /// Makes this process's namespace ready. Its children inherit it.
    /// - Parameter outside: the namespace that the run was started in, which must stay as it is.
    static func prepare(outside: String) throws {
        guard !outside.isEmpty, name != outside else {
            throw LoadTestError(.machine, "this process is not in a network namespace of its own")
        }
        do {
            // Not by way of another file: it is the kernel's.
            try Data("reno\n".utf8).write(to: URL(fileURLWithPath: congestionControl))
        } catch {
            throw LoadTestError(.machine, "can't set \(congestionControl) to reno: \(reason(error))")
        }
        let value = (try? String(contentsOfFile: congestionControl, encoding: .utf8)) ?? ""
        guard value.hasPrefix("reno") else {
            throw LoadTestError(.machine, "\(congestionControl) is \(value) although it was set to reno")
        }
    }
}
