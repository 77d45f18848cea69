/// Where an origin listens for the cache protocol (docs/cache-protocol.md).
public enum CacheProtocolPaths {
    public static let follow = "/cache/v1/follow"
    public static let fetch = "/cache/v1/fetch"
    public static let configuration = "/cache/v1/configuration"
    public static let report = "/cache/v1/report"
    public static let contentType = "application/vnd.vignette.frame"
}
