internal import Glibc
public import Logging

/// Writes the program's own log to standard error in the form of the access log, one `write` per line:
///
/// ```
/// time=2026-11-24T22:05:01.123456Z level=warning node=edge-1 label=node-agent message="the lease ran out" origin=…
/// ```
///
/// Bootstrap it once, first thing in main: `LoggingSystem.bootstrap { LogfmtHandler(label: $0, node: name, level: .info) }`.
public struct LogfmtHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let node: String
    private let output: @Sendable (UnsafeRawBufferPointer) -> Void

    public init(label: String, node: String, level: Logger.Level = .info) {
        self.init(label: label, node: node, level: level) { line in
            // A log line that cannot be written has nowhere to be reported.
            _ = write(STDERR_FILENO, line.baseAddress, line.count)
        }
    }

    init(label: String, node: String, level: Logger.Level, output: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        self.label = label
        self.node = node
        logLevel = level
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = Logfmt(reserving: 256)
        var clock = TimestampWriter()
        line.raw("time=")
        clock.write(.now, to: &line)
        line.raw(" level=")
        line.raw(event.level.rawValue)
        line.raw(" node=")
        line.value(node)
        line.raw(" label=")
        line.value(label)
        line.raw(" message=")
        line.value(event.message.description)
        for (key, value) in merged(with: event.metadata).sorted(by: { $0.key < $1.key }) {
            line.raw(" ")
            line.raw(Self.key(key))
            line.raw("=")
            line.value("\(value)")
        }
        if let error = event.error {
            line.raw(" error=")
            line.value("\(error)")
        }
        line.endLine()
        line.bytes.withUnsafeBytes(output)
    }

    /// The nearest wins: the event's over the logger's over the provider's.
    private func merged(with own: Logger.Metadata?) -> Logger.Metadata {
        (metadataProvider?.get() ?? [:])
            .merging(metadata) { $1 }
            .merging(own ?? [:]) { $1 }
    }

    private static func key(_ key: String) -> String {
        String(key.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) ? $0 : "_" })
    }
}
