/// One of the two headers of a GUID partition table.
///
/// Source: UEFI Specification 2.10, section 5.3.2, table 5-5. Blocks are logical blocks.
public struct GPTHeader: Codable, Hashable, Sendable {
    /// 0x00010000 for version 1.0.
    public var revision: UInt32
    /// Bytes of the header that its checksum covers, 92 or more.
    public var headerSize: UInt32
    /// The checksum that stands there.
    public var headerCRC32: UInt32
    /// Whether it is that of the header.
    public var isHeaderChecksumValid: Bool
    /// The block where this header should stand.
    public var myLBA: UInt64
    /// The block of the other header.
    public var alternateLBA: UInt64
    /// The first block that a partition may occupy.
    public var firstUsableLBA: UInt64
    /// The last block that a partition may occupy.
    public var lastUsableLBA: UInt64
    /// The disk's identifier, in upper case.
    public var diskGUID: String
    /// The first block of the entries.
    public var partitionEntryLBA: UInt64
    /// How many entries there are, used or not.
    public var numberOfPartitionEntries: UInt32
    /// Bytes of one entry: 128 or a larger power of two.
    public var sizeOfPartitionEntry: UInt32
    /// The checksum of all entries that stands there.
    public var partitionEntryArrayCRC32: UInt32

    /// Reads a header from the start of `bytes`, which hold one logical block.
    ///
    /// A wrong checksum is no error: ``isHeaderChecksumValid`` tells it.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let signature: UInt64 = try bytes.littleEndian(at: 0, field: "Signature")
        guard signature == 0x5452_4150_2049_4645 else {  // "EFI PART"
            throw .invalid(field: "Signature", offset: 0, value: signature)
        }
        revision = try bytes.littleEndian(at: 8, field: "Revision")
        headerSize = try bytes.littleEndian(at: 12, field: "HeaderSize")
        headerCRC32 = try bytes.littleEndian(at: 16, field: "HeaderCRC32")
        myLBA = try bytes.littleEndian(at: 24, field: "MyLBA")
        alternateLBA = try bytes.littleEndian(at: 32, field: "AlternateLBA")
        firstUsableLBA = try bytes.littleEndian(at: 40, field: "FirstUsableLBA")
        lastUsableLBA = try bytes.littleEndian(at: 48, field: "LastUsableLBA")
        diskGUID = try EFIGUID(bytes, at: 56, field: "DiskGUID").description.uppercased()
        partitionEntryLBA = try bytes.littleEndian(at: 72, field: "PartitionEntryLBA")
        numberOfPartitionEntries = try bytes.littleEndian(
            at: 80, field: "NumberOfPartitionEntries")
        sizeOfPartitionEntry = try bytes.littleEndian(at: 84, field: "SizeOfPartitionEntry")
        partitionEntryArrayCRC32 = try bytes.littleEndian(
            at: 88, field: "PartitionEntryArrayCRC32")
        guard headerSize >= 92, headerSize <= bytes.count else {
            throw .invalid(field: "HeaderSize", offset: 12, value: UInt64(headerSize))
        }
        isHeaderChecksumValid =
            GPTChecksum.of(bytes, count: Int(headerSize), zeroed: 16..<20) == headerCRC32
    }

    /// How many bytes the entries take; `nil` for what no program writes.
    public var entriesByteCount: Int? {
        guard (128...4096).contains(sizeOfPartitionEntry), sizeOfPartitionEntry % 8 == 0,
            (1...4096).contains(numberOfPartitionEntries)
        else { return nil }
        let byteCount = Int(numberOfPartitionEntries) * Int(sizeOfPartitionEntry)
        return byteCount <= 512 << 10 ? byteCount : nil
    }
}
