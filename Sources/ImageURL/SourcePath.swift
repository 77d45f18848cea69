/// Collects the path segments that name the source image, and judges the whole once it is decoded.
struct SourcePath {
    private(set) var bytes: [UInt8] = []
    private var isEmpty = true

    /// - Parameter segment: percent-decoded; may hold slashes of its own, which were written `%2F`.
    mutating func append(_ segment: [UInt8]) {
        if !isEmpty { bytes.append(UInt8(ascii: "/")) }
        isEmpty = false
        bytes += segment
    }

    /// The path as text. Spellings that mean the same path (`%2F`, needless escapes) give the same text; a path that a
    /// storage, a proxy or a browser could read as another one is refused.
    func validated(limits: ImageURLLimits) throws(ImageURLError) -> String {
        guard !bytes.isEmpty else { throw .badPath("the URL names no image: nothing follows the endpoint") }
        guard bytes.count <= limits.pathBytes else {
            throw .limit("the image's path has \(bytes.count) bytes, more than \(limits.pathBytes)")
        }
        try refuseWebProxy()
        try refuseUnsafeBytes()
        var start = 0
        var number = 1
        while start <= bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "/") { end += 1 }
            try validate(bytes[start..<end], number: number, isLast: end == bytes.count)
            start = end + 1
            number += 1
        }
        guard let text = validUTF8(bytes) else {
            throw .badPath("the image's path is not UTF-8 after percent-decoding")
        }
        return text
    }

    private func validate(_ segment: ArraySlice<UInt8>, number: Int, isLast: Bool) throws(ImageURLError) {
        let place = "segment \(number) of the image's path"
        if segment.isEmpty {
            throw .badPath("\(place) is empty: two slashes stand together, or one stands at an end")
        }
        if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
            throw .badPath("\(place) is \(quoted(segment)); write the path without dot segments")
        }
        if segment.starts(with: transformationMark.utf8) {
            throw .badPath("\(place) is \(quoted(segment)) behind an encoded slash; a tr: segment needs plain slashes")
        }
        let isReserved =
            isLast && number > 1 && reservedSuffixes.contains(String(decoding: segment, as: UTF8.self))
            || number == 1 && segment.elementsEqual("ik-seo".utf8) || segment.starts(with: "ik-genimg-prompt-".utf8)
        if isReserved { throw .unsupported("\(place) is \(quoted(segment)), a special form that is not supported yet") }
    }

    private func refuseWebProxy() throws(ImageURLError) {
        if bytes.starts(with: "https://".utf8) || bytes.starts(with: "http://".utf8) {
            throw .unsupported("the image's path is an absolute URL; the web proxy is not supported yet")
        }
    }

    /// A backslash is a slash to browsers and some storages and a letter to others, so it cannot be one path.
    private func refuseUnsafeBytes() throws(ImageURLError) {
        let backslash = UInt8(ascii: "\\")
        guard let index = bytes.firstIndex(where: { $0 < 0x20 || $0 == 0x7F || $0 == backslash }) else { return }
        let what = bytes[index] == backslash ? "a backslash" : "the control byte \(quoted([bytes[index]]))"
        throw .badPath("the image's path holds \(what) at byte \(index)")
    }
}

/// What a path segment of transformations begins with, percent-decoded.
let transformationMark = "tr:"

/// Reference §1.3.
private let reservedSuffixes: Set<String> = [
    "ik-thumbnail.jpg", "ik-video.mp4", "ik-gif-video.mp4", "ik-master.m3u8", "ik-master.mpd",
    "ik-seek-thumbnail-track.vtt", "ik-gensubtitle.transcript", "ik-genchapter.vtt",
]
