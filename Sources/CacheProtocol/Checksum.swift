internal import CChecksum

/// CRC-32C (RFC 3720 appendix B.4): catches flips, truncation and zeroing; no protection against malice.
public enum Checksum {
    public static func crc32c(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
        vignette_crc32c(crc, bytes.baseAddress, bytes.count)
    }

    public static func crc32c(_ bytes: [UInt8], continuing crc: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { crc32c($0, continuing: crc) }
    }
}
