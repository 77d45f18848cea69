/// A listener that speaks TLS 1.2 and 1.3, beside the plain one and at the same host; HTTP/2 and HTTP/1.1 by ALPN.
public struct EdgeTLSConfiguration: Sendable {
    /// `listen.tls.port`: 0 takes any free port.
    public var port: Int
    /// `listen.tls.certificate`: a PEM file with the certificate, and those between it and a root behind it.
    public var certificate: String
    /// `listen.tls.key`: a PEM file with its private key.
    public var key: String

    public init(port: Int, certificate: String, key: String) {
        self.port = port
        self.certificate = certificate
        self.key = key
    }
}
