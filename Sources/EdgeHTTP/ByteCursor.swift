/// Writes into memory whose room was worked out beforehand.
struct ByteCursor {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ room: UnsafeMutableRawBufferPointer) {
        self.room = room
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= room.count - count)
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func append(lineEnd: Void) {
        append(byte: UInt8(ascii: "\r"))
        append(byte: UInt8(ascii: "\n"))
    }

    mutating func append(byte: UInt8) {
        precondition(count < room.count)
        room[count] = byte
        count += 1
    }

    mutating func append(number: Int64) {
        if number < 0 { append(byte: UInt8(ascii: "-")) }
        var (rest, digits) = (number.magnitude, 1)
        while rest >= 10 { (rest, digits) = (rest / 10, digits + 1) }
        precondition(digits <= room.count - count)
        rest = number.magnitude
        for place in (count..<count + digits).reversed() {
            room[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += digits
    }
}
