/// Writes into memory whose room was worked out beforehand.
struct ByteCursor: ByteSink {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ room: UnsafeMutableRawBufferPointer) {
        self.room = room
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { copy(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ text: String) {
        append(text.utf8)
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ copy(UnsafeRawBufferPointer($0)) }) == nil {
            for byte in bytes { append(byte: byte) }
        }
    }

    mutating func append(byte: UInt8) {
        precondition(count < room.count)
        room[count] = byte
        count += 1
    }

    mutating func append(raw bytes: UnsafeRawBufferPointer) {
        copy(bytes)
    }

    private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= room.count - count)
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}
