internal import Foundation
internal import Glibc

/// nginx with a cache in front of the edge, tuned for hits.
final class TunedNginx {
    let endpoint: Endpoint
    let tlsPort: Int
    /// Of the one worker, which answers every request.
    let worker: pid_t
    private let master: ChildProcess

    /// - Parameters:
    ///   - port: it listens there, and at the next one for TLS.
    ///   - upstream: where it gets what it does not have.
    ///   - folder: for its files; it must exist.
    init(port: Int, _ tls: TLSFiles, upstream: Endpoint, folder: String, cores: Cores) throws {
        endpoint = try Endpoint("http://127.0.0.1:\(port)")
        tlsPort = port + 1
        let configuration = folder + "/nginx.conf"
        try Data(Self.configuration(port: port, tlsPort: tlsPort, tls, upstream: upstream, folder: folder).utf8)
            .write(to: URL(fileURLWithPath: configuration))
        master = try ChildProcess(
            ["nginx", "-p", folder, "-c", configuration, "-e", folder + "/error.log"], folder: folder)
        do {
            worker = try Self.awaitWorker(of: master, folder: folder)
            try Cores.pin(worker, to: cores.server)
            try Self.awaitListener(endpoint, master)
        } catch {
            master.end()
            throw error
        }
    }

    func end() { master.end() }

    /// "nginx/1.22.1"
    static func version(folder: String, stop: RunStop) throws -> String {
        let output = try ChildProcess.run(["nginx", "-v"], folder: folder, stop: stop).output
        return output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("nginx/") }.map(String.init) ?? output
    }

    private static func configuration(
        port: Int, tlsPort: Int, _ tls: TLSFiles, upstream: Endpoint, folder: String
    ) -> String {
        """
        user root;
        daemon off;
        worker_processes 1;
        worker_rlimit_nofile 40000;
        pid \(folder)/nginx.pid;
        error_log \(folder)/error.log warn;
        events { worker_connections 20000; }
        http {
            access_log off;
            sendfile on;
            tcp_nopush on;
            tcp_nodelay on;
            keepalive_timeout 1h;
            keepalive_requests 1000000000;
            open_file_cache max=20000 inactive=1h;
            open_file_cache_valid 1h;
            client_body_temp_path \(folder)/body;
            proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi;
            uwsgi_temp_path \(folder)/uwsgi;
            scgi_temp_path \(folder)/scgi;
            proxy_cache_path \(folder)/cache levels=1:2 keys_zone=hits:16m inactive=1d max_size=16g use_temp_path=off;
            ssl_certificate \(tls.certificate);
            ssl_certificate_key \(tls.key);
            ssl_protocols TLSv1.3;
            http2_max_concurrent_streams 128;
            # Frames as long as the edge's: 8 KiB is the default.
            http2_chunk_size 16k;
            server {
                listen 127.0.0.1:\(port) backlog=4096;
                listen 127.0.0.1:\(tlsPort) ssl http2 backlog=4096;
                location / {
                    proxy_pass \(upstream.url);
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_cache hits;
                    proxy_cache_key $request_uri;
                    proxy_cache_valid 200 1d;
                }
            }
        }

        """
    }

    private static func awaitWorker(of master: ChildProcess, folder: String) throws -> pid_t {
        let deadline = monotonicNow() + 10_000_000_000
        while monotonicNow() < deadline, master.isRunning {
            let children =
                (try? String(contentsOfFile: "/proc/\(master.pid)/task/\(master.pid)/children", encoding: .utf8)) ?? ""
            for child in children.split(separator: " ").compactMap({ pid_t($0) }) {
                let title = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
                if title.contains("worker process") { return child }
            }
            usleep(10_000)
        }
        let errors = (try? String(contentsOfFile: folder + "/error.log", encoding: .utf8)) ?? ""
        throw LoadTestError(.tool, "nginx did not start: \(master.output)\(errors)")
    }

    private static func awaitListener(_ endpoint: Endpoint, _ master: ChildProcess) throws {
        let deadline = monotonicNow() + 10_000_000_000
        while monotonicNow() < deadline, master.isRunning {
            let descriptor = TCPSocket.connect(host: endpoint.address, port: endpoint.port, seconds: 1)
            if descriptor >= 0 {
                close(descriptor)
                return
            }
            usleep(10_000)
        }
        throw LoadTestError(.tool, "nginx does not listen at \(endpoint.url): \(master.output)")
    }
}
