internal import Glibc
internal import NIOSSL
internal import Synchronization

/// The certificate that new connections are shown. It is read again when its files have changed; connections that are open
/// keep the one they began with.
final class TLSIdentity: Sendable {
    enum Reload {
        case unchanged
        case changed(Certificate)
        /// The one before is still shown.
        case failed(Mistake)
    }

    struct Mistake: Error {
        /// What is wrong with which file, and the setting that names it.
        let text: String
    }

    struct Certificate {
        let context: NIOSSLContext
        /// Seconds since 1970.
        let notAfter: Int64
    }

    private struct State {
        var certificate: Certificate
        var stamps: [FileStamp]
    }

    private let configuration: EdgeTLSConfiguration
    private let state: Mutex<State>

    init(_ configuration: EdgeTLSConfiguration) throws(EdgeHTTPError) {
        self.configuration = configuration
        let stamps = Self.stamps(configuration)
        do throws(Mistake) {
            state = Mutex(State(certificate: try Self.read(configuration), stamps: stamps))
        } catch {
            throw .configuration(error.text)
        }
    }

    var certificate: Certificate { state.withLock { $0.certificate } }

    /// A pair of which one file is replaced already and the other is not does not fit, and is tried again by the next call.
    func reloadIfChanged() -> Reload {
        let stamps = Self.stamps(configuration)
        guard state.withLock({ $0.stamps != stamps }) else { return .unchanged }
        do throws(Mistake) {
            let certificate = try Self.read(configuration)
            state.withLock { $0 = State(certificate: certificate, stamps: stamps) }
            return .changed(certificate)
        } catch {
            return .failed(error)
        }
    }

    /// An idle connection should not hold on to room for what it once sent.
    static let handlerConfiguration = {
        var configuration = NIOSSLHandler.Configuration()
        configuration.maximumPreservedOutboundBufferCapacity = 0
        return configuration
    }()

    private static func read(_ configuration: EdgeTLSConfiguration) throws(Mistake) -> Certificate {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(configuration.certificate)
        } catch {
            throw unreadable("listen.tls.certificate", configuration.certificate, "certificates in PEM form", error)
        }
        do {
            key = try NIOSSLPrivateKey(file: configuration.key, format: .pem)
        } catch {
            throw unreadable("listen.tls.key", configuration.key, "a private key in PEM form, without a password", error)
        }
        guard let leaf = chain.first else {
            throw Mistake(text: "listen.tls.certificate names \(configuration.certificate), which has no certificate in it")
        }
        var tls = NIOSSL.TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["h2", "http/1.1"]
        do {
            return Certificate(context: try NIOSSLContext(configuration: tls), notAfter: Int64(leaf.notValidAfter))
        } catch {
            throw Mistake(
                text: "the key in \(configuration.key) (listen.tls.key) is not that of the certificate in "
                    + "\(configuration.certificate) (listen.tls.certificate): \(error)")
        }
    }

    private static func unreadable(_ setting: String, _ path: String, _ wanted: String, _ error: any Error) -> Mistake {
        Mistake(text: "\(setting) names \(path), which can't be read as \(wanted): \(error)")
    }

    private static func stamps(_ configuration: EdgeTLSConfiguration) -> [FileStamp] {
        [configuration.certificate, configuration.key].map(FileStamp.init)
    }
}

/// What tells whether a file is still the one that was read.
private struct FileStamp: Equatable {
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// Follows links, which is how certificates are commonly exchanged.
    init(_ path: String) {
        var facts = stat()
        let isThere = fstatat(AT_FDCWD, path, &facts, 0) == 0
        inode = isThere ? UInt64(facts.st_ino) : 0
        size = isThere ? Int64(facts.st_size) : -1
        seconds = facts.st_mtim.tv_sec
        nanoseconds = facts.st_mtim.tv_nsec
    }
}
