public import WorkerProtocol

/// Why a transform gave no image: whose fault it is, what a user is told, whether another try can help.
///
/// Equal when the code is equal; the texts are for people.
public struct TransformError: Error, Sendable {
    enum Code: String, CaseIterable {
        case notAnImage = "not-an-image"
        case unsupported = "unsupported-image"
        case corrupt = "corrupt-image"
        case truncated = "truncated-image"
        case tooLarge = "too-large"
        case crashed = "worker-crashed"
        case deadline = "deadline"
        case overloaded = "overloaded"
        case stopping = "stopping"
        case cancelled = "cancelled"
        case internalError = "internal"
    }

    let code: Code
    /// What is wrong and what to do, for the client; printable ASCII without line breaks, so that it can stand in a header.
    public let message: String
    /// More for the log; may be empty.
    public let diagnostic: String

    private init(_ code: Code, _ message: String, diagnostic: String = "") {
        self.code = code
        self.message = message
        self.diagnostic = diagnostic
    }

    /// One of a handful of words, for metrics and logs.
    public var label: String { code.rawValue }

    public var httpStatus: Int {
        switch code {
        case .notAnImage, .unsupported, .corrupt, .truncated, .tooLarge: 400
        case .crashed, .internalError: 500
        case .overloaded, .stopping, .cancelled: 503
        case .deadline: 504
        }
    }

    /// The word before the message in `ik-error`.
    public var ikError: String {
        switch code {
        case .notAnImage: "ENOTIMAGE"
        case .unsupported: "EUNSUPPORTED"
        case .corrupt, .truncated: "ECORRUPT"
        case .tooLarge: "ELIMIT"
        case .crashed: "ECRASH"
        case .deadline: "ETIMEDOUT"
        case .overloaded, .stopping, .cancelled: "EBUSY"
        case .internalError: "EINTERNAL"
        }
    }

    /// The same request may succeed a little later: answer with `Retry-After`.
    public var isRetryable: Bool {
        switch code {
        case .overloaded, .stopping, .cancelled: true
        default: false
        }
    }

    /// The same bytes with the same recipe will fail again: worth remembering for a while.
    public var isSourceFault: Bool { httpStatus == 400 }
}

extension TransformError: Equatable {
    public static func == (left: TransformError, right: TransformError) -> Bool {
        left.code == right.code
    }
}

extension TransformError: CustomStringConvertible {
    public var description: String {
        "\(ikError) - \(message)" + (diagnostic.isEmpty ? "" : " (\(diagnostic))")
    }
}

extension TransformError {
    public static let notAnImage = TransformError(
        .notAnImage, "the source is not an image of any kind this server knows; check what the storage returns for it")
    public static let deadline = TransformError(
        .deadline, "the transform took longer than allowed and was stopped; ask for a smaller size or another format")
    public static let overloaded = TransformError(
        .overloaded, "all image workers are busy and enough jobs wait already; try again shortly")
    public static let stopping = TransformError(.stopping, "this server is shutting down; try again shortly")
    public static let cancelled = TransformError(.cancelled, "the request was given up before its transform was done")

    public static func unsupported(_ subject: String) -> TransformError {
        TransformError(
            .unsupported,
            "the source is \(subject.isEmpty ? "of another kind" : subject); JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF and SVG "
                + "images can be transformed")
    }

    public static func corrupt(_ subject: String = "", diagnostic: String = "") -> TransformError {
        TransformError(
            .corrupt, "the source begins like \(article(subject)) image but cannot be decoded; it is damaged",
            diagnostic: diagnostic)
    }

    public static func truncated(_ subject: String = "", diagnostic: String = "") -> TransformError {
        TransformError(
            .truncated, "the source is \(article(subject)) image that ends early; was it uploaded whole?",
            diagnostic: diagnostic)
    }

    public static func crashed(_ diagnostic: String = "") -> TransformError {
        TransformError(.crashed, "the image worker died over this image; nothing else was harmed", diagnostic: diagnostic)
    }

    public static func internalError(_ diagnostic: String = "") -> TransformError {
        TransformError(.internalError, "the image could not be made; the server's log says why", diagnostic: diagnostic)
    }

    public static func tooLarge(
        _ limit: TransformFailure.Limit, actual: Int, allowed: Int, format: String = ""
    ) -> TransformError {
        TransformError(.tooLarge, sizeMessage(limit, actual, allowed, format))
    }

    /// What a worker answered.
    public init(_ failure: TransformFailure) {
        switch failure.kind {
        case .notAnImage: self = .notAnImage
        case .unsupported: self = .unsupported(failure.subject)
        case .corrupt: self = .corrupt(failure.subject, diagnostic: failure.diagnostic)
        case .truncated: self = .truncated(failure.subject, diagnostic: failure.diagnostic)
        case .tooLarge:
            self = .tooLarge(failure.limit, actual: failure.actual, allowed: failure.allowed, format: failure.subject)
        case .internalError: self = .internalError(failure.diagnostic)
        }
    }

    private static func article(_ subject: String) -> String {
        guard let first = subject.first else { return "an" }
        // SVG is spelt out when spoken.
        return ("AEIOU".contains(first) || subject == "SVG" ? "an " : "a ") + subject
    }

    private static func sizeMessage(
        _ limit: TransformFailure.Limit, _ actual: Int, _ allowed: Int, _ format: String
    ) -> String {
        switch limit {
        case .inputBytes: "the source has \(actual) bytes; \(allowed) are allowed"
        case .inputPixels: "the source has \(actual) pixels; \(allowed) are allowed"
        case .animationPixels: "the frames of the source have \(actual) pixels together; \(allowed) are allowed"
        case .outputPixels: "a step would make \(actual) pixels; \(allowed) are allowed"
        case .outputBytes: "the result has \(actual) bytes; \(allowed) are allowed"
        case .outputSide:
            "a side of the result would be \(actual) pixels long; "
                + (format.isEmpty ? "\(allowed) are allowed" : "\(format) can hold \(allowed)")
        case .none: "the image is too large"
        }
    }
}
