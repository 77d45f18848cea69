/// Who waits for a transfer.
enum TransferReceiver: Sendable {
    case gathering(Promise<CurlResponse>)
    case streaming(StreamBuffer)

    func finish(_ outcome: Result<CurlResponse, CurlError>) {
        switch self {
        case .gathering(let promise):
            promise.fulfil(outcome)
        case .streaming(let buffer):
            switch outcome {
            case .success: buffer.finish(nil)
            case .failure(let error): buffer.finish(error)
            }
        }
    }
}
