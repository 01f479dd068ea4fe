internal import CZlib

/// The checksum of gzip and zip: CRC-32 with the polynomial of IEEE 802.3.
///
/// Source: RFC 1952, section 8.
public struct CRC32: Hashable, Sendable {
    /// The checksum of all bytes so far.
    public private(set) var value: UInt32 = 0
    /// How many bytes have passed.
    public private(set) var byteCount: Int64 = 0

    /// No byte has passed.
    public init() {}

    /// Takes the next bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        let before = UInt(value)
        value = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe UInt32(truncatingIfNeeded: crc32_z(before, bytes.baseAddress, bytes.count))
        }
        byteCount += Int64(bytes.count)
    }

    /// Takes the bytes that `next` is the checksum of.
    public mutating func append(_ next: CRC32) {
        guard next.byteCount > 0 else { return }
        value = UInt32(
            truncatingIfNeeded: crc32_combine(UInt(value), UInt(next.value), Int(next.byteCount)))
        byteCount += next.byteCount
    }
}
