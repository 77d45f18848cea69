internal import Foundation

/// What an error of Foundation says, in one line for people.
func reason(_ error: any Error) -> String {
    if let error = error as? LoadTestError { return error.message }
    if let error = error as? CocoaError {
        switch error.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: return "it does not exist"
        case .fileReadNoPermission: return "no permission to read it"
        default: return error.localizedDescription
        }
    }
    guard let error = error as? DecodingError else { return error.localizedDescription }
    switch error {
    case .keyNotFound(let key, let context):
        return "\(place(context.codingPath)) lacks \"\(key.stringValue)\""
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
        return "\(place(context.codingPath)): \(context.debugDescription)"
    case .dataCorrupted(let context):
        let detail = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
        return "\(place(context.codingPath)): \(detail ?? context.debugDescription)"
    @unknown default:
        return error.localizedDescription
    }
}

private func place(_ path: [any CodingKey]) -> String {
    guard !path.isEmpty else { return "the top level" }
    return path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().trimmingPrefix(".").description
}
