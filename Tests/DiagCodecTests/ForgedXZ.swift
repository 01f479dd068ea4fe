@testable import DiagCodec

/// Parts of xz files with sound checksums and whatever claims a test wants.
/// Source: The .xz File Format 1.2.1, sections 2 to 4.
enum ForgedXZ {
    /// The header of a stream whose check is CRC32 (1) or CRC64 (4).
    static func header(check: UInt8 = 1) -> [UInt8] {
        [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0, check] + littleEndian(crc32([0, check]))
    }

    /// An index with these records; `count` is what it claims.
    static func index(_ records: [(UInt64, UInt64)], count: UInt64? = nil) -> [UInt8] {
        var bytes: [UInt8] = [0] + integer(count ?? UInt64(records.count))
        for (listed, uncompressed) in records { bytes += integer(listed) + integer(uncompressed) }
        return sealed(bytes)
    }

    /// `bytes` padded to a multiple of four, with their CRC32.
    static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        let padded = bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
        return padded + littleEndian(crc32(padded))
    }

    /// The footer for an index of so many bytes.
    static func footer(indexByteCount: Int, check: UInt8 = 1) -> [UInt8] {
        let fields = littleEndian(UInt32(truncatingIfNeeded: indexByteCount / 4 - 1)) + [0, check]
        return littleEndian(crc32(fields)) + fields + [0x59, 0x5A]
    }

    /// A stream of `blocks`, whatever they are, and the index as given.
    static func stream(_ blocks: [UInt8], index: [UInt8], check: UInt8 = 1) -> [UInt8] {
        header(check: check) + blocks + index
            + footer(indexByteCount: index.count, check: check)
    }

    /// A block header without sizes, with one LZMA2 filter. Source: sections 3.1 and 5.3.1.
    static func blockHeader(dictionary: UInt8) -> [UInt8] {
        sealed([2, 0, 0x21, 1, dictionary, 0, 0, 0])
    }

    static func integer(_ value: UInt64) -> [UInt8] {
        var value = value
        var bytes = [UInt8]()
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
        }
        return ~sum
    }
}
