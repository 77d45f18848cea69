internal import CacheProtocol
internal import Logging
internal import NIOCore
internal import NIOHPACK
internal import Telemetry

/// What the connections of one event loop share. Used on its loop only.
final class LoopState {
    let configuration: EdgeHTTPConfiguration
    let headLimits: HeadLimits
    let responder: any EdgeResponder
    let responseHead: ResponseHead
    let connectionAdmission: Admission
    let waitingRoom: WaitingRoom
    let gauges: EdgeHTTPMetrics
    let cells: EdgeHTTPMetricCells
    let access: AccessChannel?
    let log: Logger

    private var connections: [ObjectIdentifier: any ServerConnection] = [:]
    private var clock = HeadClock()
    private var buffers = HeadBuffers()
    private var flushes = FlushQueue()
    /// What the pass that is under way has not come to yet.
    private var unswept: ArraySlice<any ServerConnection> = []
    /// Answers say that they are their connection's last.
    private(set) var isLeaving = false
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?

    init(
        configuration: EdgeHTTPConfiguration, responder: any EdgeResponder, connectionAdmission: Admission,
        waitingRoom: WaitingRoom, metrics: EdgeHTTPMetrics, access: AccessChannel?, log: Logger
    ) {
        self.configuration = configuration
        headLimits = HeadLimits(configuration)
        self.responder = responder
        responseHead = ResponseHead(nodeName: configuration.nodeName)
        self.connectionAdmission = connectionAdmission
        self.waitingRoom = waitingRoom
        gauges = metrics
        cells = metrics.cells()
        self.access = access?.isOn == true ? access : nil
        self.log = log
    }

    func date() -> (now: Int64, text: String) {
        let now = clock.read()
        return (now, clock.date)
    }

    /// Of a plain hit whose connection goes on.
    func hitHead(of object: Representation) -> ByteBuffer {
        hit(object, body: nil)
    }

    func hitFields(of object: Representation) -> HPACKHeaders {
        let now = clock.read()
        return responseHead.http2Hit(object, now: now, date: clock.date)
    }

    /// As ``hitHead(of:)``, with the body behind it.
    func wholeHit(of object: Representation, _ body: any BodyBytes) -> ByteBuffer {
        hit(object, body: body)
    }

    private func hit(_ object: Representation, body: (any BodyBytes)?) -> ByteBuffer {
        let now = clock.read()
        let capacity = clock.hitStart.count + responseHead.hitBytes + object.fixedFields.count + (body?.count ?? 0)
        return buffers.fill(capacity: capacity) { room in
            var cursor = ByteCursor(room)
            responseHead.writeHit(object, now: now, start: clock.hitStart, to: &cursor)
            body?.withUnsafeBytes { cursor.append(raw: $0) }
            return cursor.count
        }
    }

    func flushSoon(_ connection: any ServerConnection, bytes: Int, _ loop: any EventLoop) {
        switch flushes.append(connection, bytes: bytes) {
        case .nothing: break
        case .flush: flushAll()
        case .schedule: loop.assumeIsolated().execute { self.flushAll() }
        }
    }

    private func flushAll() {
        for connection in flushes.take() { connection.flush() }
        buffers.rewind()
    }

    func add(_ connection: any ServerConnection) {
        connections[ObjectIdentifier(connection)] = connection
        gauges.open.add(1)
        cells.accepted.increment()
    }

    /// What is behind a connection's handshake takes its place.
    func replace(_ connection: any ServerConnection, by next: any ServerConnection) {
        connections[ObjectIdentifier(connection)] = nil
        connections[ObjectIdentifier(next)] = next
    }

    func remove(_ connection: any ServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        gauges.open.add(-1)
        if connections.isEmpty {
            drained?.succeed()
            drained = nil
        }
    }

    /// Ends what has outstayed its deadline; called every second. One pass for all is cheaper than a timer for each
    /// connection, which every request would have to move. It takes its time, because requests wait while it is at work: a
    /// pass over 2,000 slow clients in one go held hits up for 8 ms.
    func sweep(on loop: any EventLoop) {
        guard unswept.isEmpty, !connections.isEmpty else { return }
        unswept = ArraySlice(connections.values)
        let steps = (unswept.count + Self.stepConnections - 1) / Self.stepConnections
        sweepOn(loop, pause: .nanoseconds(Self.passNanoseconds / Int64(steps)))
    }

    private static let stepConnections = 32
    /// The next pass should find this one over.
    private static let passNanoseconds: Int64 = 900_000_000

    private func sweepOn(_ loop: any EventLoop, pause: TimeAmount) {
        let now = BootInstant.now()
        for connection in unswept.prefix(Self.stepConnections) where connections[ObjectIdentifier(connection)] != nil {
            connection.checkDeadlines(now)
            // An idle connection should hold nothing of its last answer.
            connection.forgetSentAnswers()
        }
        unswept = unswept.count > Self.stepConnections ? unswept.dropFirst(Self.stepConnections) : []
        if unswept.isEmpty { return }
        loop.assumeIsolated().scheduleTask(in: pause) { self.sweepOn(loop, pause: pause) }
    }

    /// - Returns: Is fulfilled when every connection that sends an object which is forbidden is closed.
    func cutOff(where isForbidden: (ObjectMetadata) -> Bool, on loop: any EventLoop) -> EventLoopFuture<Void> {
        .andAllComplete(connections.values.compactMap { $0.cutOff(where: isForbidden) }, on: loop)
    }

    func leave() {
        isLeaving = true
        for connection in connections.values { connection.leave() }
    }

    /// Lets running answers finish and closes what is idle.
    ///
    /// To be called once, after the listener is closed.
    ///
    /// - Returns: Is fulfilled when no connection is left.
    func drain(on loop: any EventLoop) -> EventLoopFuture<Void> {
        isLeaving = true
        isDraining = true
        let promise = loop.makePromise(of: Void.self)
        for connection in connections.values { connection.drain() }
        if connections.isEmpty { promise.succeed() } else { drained = promise }
        return promise.futureResult
    }

    func closeAll() {
        for connection in connections.values { connection.abort() }
    }
}
