/// The checksum of the GPT: CRC-32 with the reflected polynomial 0xEDB88320.
///
/// Source: UEFI Specification 2.10, section 5.3.2; ISO 3309.
enum GPTChecksum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320
        }
    }

    /// The checksum of the first `count` bytes, with those in `zeroed` taken as 0.
    static func of(_ bytes: Span<UInt8>, count: Int, zeroed: Range<Int> = 0..<0) -> UInt32 {
        var value: UInt32 = 0xFFFF_FFFF
        for index in 0..<min(count, bytes.count) {
            let byte = zeroed.contains(index) ? 0 : bytes[index]
            value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)]
        }
        return ~value
    }
}
