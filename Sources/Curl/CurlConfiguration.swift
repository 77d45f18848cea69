/// What all transfers of one ``CurlClient`` share.
public struct CurlConfiguration: Sendable {
    /// Idle connections kept for reuse, over all hosts.
    public var maximumIdleConnections: Int

    /// Connections to one host and port at a time; further transfers wait, and their timeouts run while they do.
    public var maximumConnectionsPerHost: Int

    /// A stream whose reader is this many bytes behind stops receiving until the reader has caught up.
    public var streamBufferBytes: Int

    /// The most bytes that the heads of an answer may have, those of its redirects included.
    public var maximumHeadBytes: Int

    /// PEM file of the authorities to trust instead of the system's own.
    public var authorityFile: String?

    public init(
        maximumIdleConnections: Int = 256,
        maximumConnectionsPerHost: Int = 1024,
        streamBufferBytes: Int = 1 << 20,
        maximumHeadBytes: Int = 128 << 10,
        authorityFile: String? = nil
    ) {
        self.maximumIdleConnections = maximumIdleConnections
        self.maximumConnectionsPerHost = maximumConnectionsPerHost
        self.streamBufferBytes = streamBufferBytes
        self.maximumHeadBytes = maximumHeadBytes
        self.authorityFile = authorityFile
    }
}
