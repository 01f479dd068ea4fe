/// One entry of a GUID partition table.
///
/// Source: UEFI Specification 2.10, section 5.3.3, table 5-6.
public struct GPTEntry: Codable, Hashable, Sendable {
    /// What the partition is for, in upper case.
    public var partitionTypeGUID: String
    /// The partition's own identifier, in upper case.
    public var uniquePartitionGUID: String
    /// Its first logical block.
    public var startingLBA: UInt64
    /// Its last logical block, which is part of it.
    public var endingLBA: UInt64
    /// Bits 0 to 2 are the specification's, 48 to 63 those of the type.
    public var attributes: UInt64
    /// Its name, control characters escaped.
    public var partitionName: String

    /// The identifier of an entry that is not used.
    static let unusedType = "00000000-0000-0000-0000-000000000000"

    /// Reads an entry from the start of `bytes`.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        partitionTypeGUID = try EFIGUID(bytes, at: 0, field: "PartitionTypeGUID")
            .description.uppercased()
        uniquePartitionGUID = try EFIGUID(bytes, at: 16, field: "UniquePartitionGUID")
            .description.uppercased()
        startingLBA = try bytes.littleEndian(at: 32, field: "StartingLBA")
        endingLBA = try bytes.littleEndian(at: 40, field: "EndingLBA")
        attributes = try bytes.littleEndian(at: 48, field: "Attributes")
        try bytes.check(72, at: 56, field: "PartitionName")
        partitionName = bytes.efiText(from: 56, to: 128).text
    }

    /// Whether it stands for a partition.
    public var isUsed: Bool { partitionTypeGUID != Self.unusedType }

    /// The attributes as sfdisk(8) of util-linux 2.38 writes them; `nil` when none is set.
    public var attributesText: String? {
        var words = [String]()
        for (bit, name) in ["RequiredPartition", "NoBlockIOProtocol", "LegacyBIOSBootable"]
            .enumerated()
        where attributes >> UInt64(bit) & 1 != 0 {
            words.append(name)
        }
        let ofType = (48..<64).filter { attributes >> UInt64($0) & 1 != 0 }
        if !ofType.isEmpty {
            words.append("GUID:" + ofType.map { String($0) }.joined(separator: ","))
        }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}
