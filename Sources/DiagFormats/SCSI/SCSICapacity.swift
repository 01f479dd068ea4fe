/// How large a disk is: what READ CAPACITY gave.
///
/// Source: SBC-4, sections 5.20 and 5.21.
public struct SCSICapacity: Codable, Hashable, Sendable {
    /// The address of the last logical block.
    public let lastLogicalBlock: UInt64
    /// Bytes of a logical block.
    public let logicalBlockByteCount: UInt32
    /// A physical block holds two to this power logical blocks; `nil` from READ CAPACITY (10).
    public let physicalBlockExponent: UInt8?
    /// The first logical block that begins a physical one.
    public let lowestAlignedBlock: UInt16?
    /// The type of protection information that it is formatted with, from 1; 0 for none.
    public let protectionType: UInt8?
    /// Whether blocks may be without space of their own.
    public let isThinlyProvisioned: Bool?
    /// Whether unmapped blocks read as zeros.
    public let doUnmappedBlocksReadZero: Bool?

    /// Reads what READ CAPACITY (16) gave.
    public init(parsing16 bytes: Span<UInt8>) throws(FormatError) {
        lastLogicalBlock = try bytes.bigEndian(at: 0, field: "RETURNED LOGICAL BLOCK ADDRESS")
        logicalBlockByteCount = try bytes.bigEndian(at: 8, field: "BLOCK LENGTH IN BYTES")
        let protection = try bytes.byte(at: 12, field: "P_TYPE")
        protectionType = protection & 1 == 0 ? 0 : (protection >> 1 & 7) + 1
        physicalBlockExponent = try bytes.byte(at: 13, field: "exponent") & 0xF
        let alignment = try bytes.bigEndian(UInt16.self, at: 14, field: "LOWEST ALIGNED LBA")
        isThinlyProvisioned = alignment & 0x8000 != 0
        doUnmappedBlocksReadZero = alignment & 0x4000 != 0
        lowestAlignedBlock = alignment & 0x3FFF
    }

    /// Reads what READ CAPACITY (10) gave.
    public init(parsing10 bytes: Span<UInt8>) throws(FormatError) {
        lastLogicalBlock = UInt64(
            try bytes.bigEndian(UInt32.self, at: 0, field: "RETURNED LOGICAL BLOCK ADDRESS"))
        logicalBlockByteCount = try bytes.bigEndian(at: 4, field: "BLOCK LENGTH IN BYTES")
        physicalBlockExponent = nil
        lowestAlignedBlock = nil
        protectionType = nil
        isThinlyProvisioned = nil
        doUnmappedBlocksReadZero = nil
    }

    /// Its size; `nil` for one that no 64-bit number can hold.
    public var byteCount: UInt64? {
        let (blocks, overflowed) = lastLogicalBlock.addingReportingOverflow(1)
        let (bytes, overflowedToo) = blocks.multipliedReportingOverflow(
            by: UInt64(logicalBlockByteCount))
        return overflowed || overflowedToo ? nil : bytes
    }

    /// Bytes of a physical block; `nil` from READ CAPACITY (10).
    public var physicalBlockByteCount: UInt64? {
        physicalBlockExponent.map { UInt64(logicalBlockByteCount) << UInt64($0) }
    }
}
