/// How a block device is divided, with what is wrong about it.
///
/// Blocks are counted in `sectorSize` bytes, and members that sfdisk(8) prints with `--json` have
/// its names, values and spelling (util-linux 2.38).
public struct PartitionTable: Codable, Hashable, Sendable {
    /// One partition.
    public struct Partition: Codable, Hashable, Sendable {
        /// Its number, as the kernel counts.
        public var number: Int
        /// Its first sector.
        public var start: UInt64
        /// Its sectors.
        public var size: UInt64
        /// Where it begins, in bytes; none when that is no possible number.
        public var startByte: UInt64?
        /// Its size in bytes; none when that is no possible number.
        public var byteCount: UInt64?
        /// For GPT a GUID in upper case, for MBR a hexadecimal byte without leading zeros.
        public var type: String
        /// What people call the type, where it is a common one.
        public var typeName: String?
        /// Of GPT, the partition's own GUID in upper case; of MBR, disk identifier and number.
        public var uuid: String?
        /// Its name, where it has one.
        public var name: String?
        /// Its GPT attributes in words, where it has any.
        public var attrs: String?
        /// Whether it is the one that an MBR starts from; only when it is.
        public var bootable: Bool?
    }

    /// What stands in one of the two places of a GPT.
    public struct Copy: Codable, Hashable, Sendable {
        /// The block where it was read.
        public var lba: UInt64
        /// The header, where there is one.
        public var header: GPTHeader?
        /// Whether the checksum of the entries is right; none when they could not be read.
        public var areEntriesValid: Bool?

        /// Whether the header and the entries have the right checksums.
        public var isValid: Bool {
            header?.isHeaderChecksumValid == true && areEntriesValid == true
        }
    }

    /// `gpt`, `dos` or `dasd`.
    public var label: String
    /// The identifier of the table; of a DASD the volume serial.
    public var id: String
    /// `sectors`.
    public var unit = "sectors"
    /// Of GPT, the first sector that a partition may occupy.
    public var firstLBA: UInt64?
    /// Of GPT, the last sector that a partition may occupy.
    public var lastLBA: UInt64?
    /// Bytes of a sector.
    public var sectorSize: Int
    /// The partitions, by number.
    public var partitions: [Partition]
    /// Of GPT, the first copy.
    public var primary: Copy?
    /// Of GPT, the copy at the end of the device.
    public var backup: Copy?
    /// Of GPT, what protects it from programs that know MBR only.
    public var protectiveMBR: MasterBootRecord?
    /// Whether the protective MBR has partitions of its own.
    public var isHybrid: Bool?
    /// Of GPT, what the two copies disagree on; empty when they say the same, none when there is
    /// only one.
    public var copyDifferences: [String]?
    /// Of GPT, whether the second copy stands in the last sector of the device.
    public var isBackupAtEnd: Bool?
    /// Partitions that overlap or lie where they cannot, in words; part of ``problems``.
    public var extentProblems: [String] = []
    /// What is wrong, in words.
    public var problems: [String] = []

    enum CodingKeys: String, CodingKey {
        case label, id, unit, partitions, primary, backup, protectiveMBR, isHybrid, problems
        case copyDifferences, isBackupAtEnd, extentProblems
        case firstLBA = "firstlba"
        case lastLBA = "lastlba"
        case sectorSize = "sectorsize"
    }

    /// Notes partitions that lie beyond the end of the device or over one another.
    ///
    /// Extended partitions hold others, and are not compared.
    mutating func checkExtents(byteCount: UInt64, isContainer: (Partition) -> Bool) {
        let sectorCount = byteCount / UInt64(max(1, sectorSize))
        var found = extentProblems
        defer {
            // Damaged tables may have thousands; a person needs the first ones.
            if found.count > 64 { found = Array(found.prefix(64)) + ["and more"] }
            extentProblems = found
            problems += found
        }
        for partition in partitions {
            let (end, overflows) = partition.start.addingReportingOverflow(partition.size)
            if overflows || end > sectorCount {
                found.append(
                    "partition \(partition.number) ends beyond the device, which has "
                        + "\(sectorCount) sectors")
            }
        }
        let sorted = partitions.filter { !isContainer($0) && $0.size > 0 }
            .sorted { ($0.start, $0.number) < ($1.start, $1.number) }
        var last: (number: Int, end: UInt64)?
        for partition in sorted {
            let (sum, overflows) = partition.start.addingReportingOverflow(partition.size)
            let end = overflows ? UInt64.max : sum
            if let last, last.end > partition.start {
                found.append("partitions \(last.number) and \(partition.number) overlap")
            }
            if end >= last?.end ?? 0 { last = (partition.number, end) }
        }
    }

    /// `sectors` in bytes; `nil` when that is no possible number.
    static func byteCount(_ sectors: UInt64, _ sectorSize: Int) -> UInt64? {
        let (product, overflows) = sectors.multipliedReportingOverflow(by: UInt64(sectorSize))
        return overflows ? nil : product
    }
}
