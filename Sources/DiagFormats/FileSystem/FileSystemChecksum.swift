internal import DiagModel

/// CRC-32C, which ext4, XFS and btrfs keep over their superblocks.
///
/// Source: RFC 3720, appendix B.4: the reflected polynomial 0x82F63B78. Whether the result is
/// inverted differs between the formats, so that is left to them.
enum FileSystemChecksum {
    private static let table: [UInt32] = (0..<256).map { index in
        var value = UInt32(index)
        for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
        return value
    }

    /// The value after `bytes`, started at all ones, not inverted at the end.
    static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        let table = table
        var value = UInt32.max
        for byte in bytes {
            value = value >> 8 ^ table[Int(truncatingIfNeeded: value & 0xFF ^ UInt32(byte))]
        }
        return value
    }
}

/// Text forms that superblocks share.
enum FileSystemText {
    /// 16 bytes in the usual five groups of lower-case digits; `nil` when all are zero.
    static func uuid(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 16, bytes.contains(where: { $0 != 0 }) else { return nil }
        let digits = Array(Hexadecimal.string(bytes).utf8)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }

    /// The names of the bits that are set in `value`; a bit without a name is `prefix` and its
    /// number.
    static func names(
        of value: UInt64, _ names: [Int: String], unknown prefix: String
    ) -> [String] {
        (0..<64).filter { value >> UInt64($0) & 1 == 1 }.map { names[$0] ?? prefix + "\($0)" }
    }

    /// Seconds since 1970; the byte `high` holds bits 32 to 39.
    static func seconds(_ low: UInt32, high: UInt8 = 0) -> Int64 {
        Int64(high) << 32 | Int64(low)
    }
}

extension FileSystemText {
    /// At most `count` units of UTF-16 up to a zero, with controls escaped; empty when they are
    /// not there. `isBigEndian` says how each unit is stored.
    static func utf16(
        _ bytes: Span<UInt8>, at offset: Int, count: Int, isBigEndian: Bool = false
    ) -> String {
        var units = [UInt16]()
        for index in 0..<max(0, count) {
            let at = offset + 2 * index
            let unit: UInt16? =
                isBigEndian
                ? try? bytes.bigEndian(at: at, field: "text")
                : try? bytes.littleEndian(at: at, field: "text")
            guard let unit, unit != 0 else { break }
            units.append(unit)
        }
        return UntrustedText.escapingControls(String(decoding: units, as: UTF16.self))
    }
}
