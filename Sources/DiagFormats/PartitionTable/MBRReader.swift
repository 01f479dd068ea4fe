/// Reads an MBR partition table with the chain of its logical partitions.
struct MBRReader<Source: MetadataSource> {
    /// How many extended boot records are followed; Linux itself makes at most 60 partitions.
    private static var chainLimit: Int { 128 }

    private let source: Source
    private(set) var pieces: [PartitionTableReading.Piece] = []
    private var problems: [String] = []

    init(_ source: Source) { self.source = source }

    /// The table that `record`, the first sector of the device, begins.
    mutating func read(_ record: MasterBootRecord) -> PartitionTable {
        let sectorSize = max(512, source.logicalBlockSize)
        let id = Hexadecimal.padded(record.uniqueMBRDiskSignature, 8).lowercased()
        var partitions = [PartitionTable.Partition]()
        func add(_ number: Int, _ entry: MasterBootRecord.Entry, start: UInt64) {
            partitions.append(
                .init(
                    number: number, start: start, size: UInt64(entry.sizeInLBA),
                    startByte: PartitionTable.byteCount(start, sectorSize),
                    byteCount: PartitionTable.byteCount(UInt64(entry.sizeInLBA), sectorSize),
                    type: String(entry.type, radix: 16),
                    typeName: PartitionType.name(ofByte: entry.type),
                    uuid: id + "-" + Hexadecimal.padded(number, 2).lowercased(),
                    bootable: entry.bootIndicator == 0x80 ? true : nil))
        }
        for entry in record.partitionRecord where entry.isUsed {
            add(entry.number, entry, start: UInt64(entry.startingLBA))
        }
        if record.isProtective {
            problems.append("the MBR protects a GPT, but neither copy of one is there")
        }
        let extended = record.partitionRecord.filter(\.isExtended)
        if extended.count > 1 { problems.append("there is more than one extended partition") }
        var next = 5
        if let first = extended.first {
            for (entry, start) in logical(in: first, sectorSize: sectorSize) {
                add(next, entry, start: start)
                next += 1
            }
        }
        var table = PartitionTable(
            label: "dos", id: "0x" + id, sectorSize: sectorSize, partitions: partitions,
            problems: problems)
        let containers = Set(extended.map(\.number))
        table.checkExtents(byteCount: source.byteCount) { containers.contains($0.number) }
        return table
    }

    /// The logical partitions of `extended`, each with its first sector on the device.
    private mutating func logical(
        in extended: MasterBootRecord.Entry, sectorSize: Int
    ) -> [(MasterBootRecord.Entry, UInt64)] {
        let base = UInt64(extended.startingLBA)
        var found = [(MasterBootRecord.Entry, UInt64)]()
        var seen = Set<UInt64>()
        var at = base
        while true {
            guard seen.insert(at).inserted else {
                problems.append("the chain of logical partitions loops at sector \(at)")
                break
            }
            guard seen.count <= Self.chainLimit else {
                problems.append("the chain of logical partitions is longer than \(Self.chainLimit)")
                break
            }
            guard let offset = PartitionTable.byteCount(at, sectorSize),
                let bytes = source.bytes(512, at: offset)
            else {
                problems.append("the extended boot record at sector \(at) cannot be read")
                break
            }
            guard let record = try? MasterBootRecord(parsing: bytes.span) else {
                problems.append("there is no extended boot record at sector \(at)")
                break
            }
            pieces.append(.init(name: "ebr-\(at)", offset: offset, bytes: bytes))
            for entry in record.partitionRecord where entry.isUsed && !entry.isExtended {
                let start = at + UInt64(entry.startingLBA)
                // Other systems leave rubbish in the last two entries.
                if entry.number > 2,
                    start + UInt64(entry.sizeInLBA) > base + UInt64(extended.sizeInLBA)
                {
                    continue
                }
                found.append((entry, start))
            }
            guard let link = record.partitionRecord.first(where: \.isExtended) else { break }
            at = base + UInt64(link.startingLBA)
        }
        return found
    }
}
