/// The checksum that LVM keeps over its label and its metadata.
///
/// Source: LVM2 2.03, lib/misc/crc.c: CRC-32 with the reflected polynomial 0xEDB88320, started at
/// 0xF597A6CF, without a last inversion.
enum LVMChecksum {
    static let initial: UInt32 = 0xF597_A6CF

    private static let table: [UInt32] = (0..<256).map { index in
        var value = UInt32(index)
        for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
        return value
    }

    /// The checksum of `bytes`, going on from `start`.
    static func of(_ bytes: [UInt8], from start: UInt32 = initial) -> UInt32 {
        let table = table
        var value = start
        for byte in bytes {
            value = value >> 8 ^ table[Int(truncatingIfNeeded: value & 0xFF ^ UInt32(byte))]
        }
        return value
    }
}
