/// Reads both copies of a GUID partition table and compares them.
struct GPTReader<Source: MetadataSource> {
    private typealias Found = (copy: PartitionTable.Copy, entries: [GPTEntry])

    private let source: Source
    private var problems: [String] = []
    private var differences: [String]?
    private(set) var pieces: [PartitionTableReading.Piece] = []

    init(_ source: Source) { self.source = source }

    /// The table; `nil` when neither copy is there.
    mutating func read(protectedBy record: MasterBootRecord?) -> PartitionTable? {
        var sizes = [source.logicalBlockSize]
        for size in [512, 4096] where !sizes.contains(size) { sizes.append(size) }
        for size in sizes where size >= 512 && size <= 65536 {
            let lastLBA = source.byteCount / UInt64(size)
            guard lastLBA >= 3 else { continue }
            let primary = copy("primary", at: 1, sectorSize: size)
            var backup = copy("backup", at: lastLBA - 1, sectorSize: size)
            var isMisplaced = false
            if backup == nil, let other = primary?.copy.header?.alternateLBA, other > 1,
                other < lastLBA - 1
            {
                backup = copy("backup", at: other, sectorSize: size)
                isMisplaced = backup != nil
            }
            guard primary != nil || backup != nil else { continue }
            // Of a protective MBR without either header nothing is left; of a backup alone it
            // must be one that says where it stands, since old ones stay behind new tables.
            if primary == nil, record?.isProtective != true { continue }
            return table(
                primary, backup, sectorSize: size, lastLBA: lastLBA - 1, isMisplaced: isMisplaced,
                record: record)
        }
        return nil
    }

    private mutating func copy(_ name: String, at lba: UInt64, sectorSize: Int) -> Found? {
        guard let offset = PartitionTable.byteCount(lba, sectorSize),
            let bytes = source.bytes(sectorSize, at: offset),
            let header = try? GPTHeader(parsing: bytes.span)
        else { return nil }
        pieces.append(.init(name: "gpt-\(name)-header", offset: offset, bytes: bytes))
        var copy = PartitionTable.Copy(lba: lba, header: header)
        guard let count = header.entriesByteCount else {
            problems.append(
                "the \(name) copy claims \(header.numberOfPartitionEntries) entries of "
                    + "\(header.sizeOfPartitionEntry) bytes, which is not possible")
            return (copy, [])
        }
        guard let start = PartitionTable.byteCount(header.partitionEntryLBA, sectorSize),
            let entries = source.bytes(count, at: start)
        else {
            problems.append(
                "the entries of the \(name) copy at sector \(header.partitionEntryLBA) "
                    + "cannot be read")
            return (copy, [])
        }
        let isValid = GPTChecksum.of(entries.span, count: count) == header.partitionEntryArrayCRC32
        copy.areEntriesValid = isValid
        // What a damaged header points to may be anybody's data: that is not kept.
        let blockCount = UInt64((count + sectorSize - 1) / sectorSize)
        let end = header.partitionEntryLBA.addingReportingOverflow(blockCount).partialValue
        let isUsualPlace = count <= 16384 && (header.partitionEntryLBA == 2 || end == lba)
        if isValid || isUsualPlace {
            pieces.append(.init(name: "gpt-\(name)-entries", offset: start, bytes: entries))
        }
        var parsed = [GPTEntry]()
        let size = Int(header.sizeOfPartitionEntry)
        for at in stride(from: 0, to: count, by: size) {
            // Most entries are not used, and cost as much to decode as others.
            guard entries[at..<at + 16].contains(where: { $0 != 0 }),
                let entry = try? GPTEntry(parsing: entries.span.extracting(at..<at + size))
            else {
                parsed.append(.unused)
                continue
            }
            parsed.append(entry)
        }
        return (copy, parsed)
    }

    private mutating func table(
        _ primary: Found?, _ backup: Found?, sectorSize: Int, lastLBA: UInt64, isMisplaced: Bool,
        record: MasterBootRecord?
    ) -> PartitionTable? {
        let usable = [primary, backup].compactMap(\.self)
        guard let chosen = usable.first(where: \.copy.isValid) ?? usable.first,
            let header = chosen.copy.header
        else { return nil }
        if sectorSize != source.logicalBlockSize {
            problems.append(
                "the table counts in sectors of \(sectorSize) bytes, the device has sectors of "
                    + "\(source.logicalBlockSize) bytes")
        }
        check(primary, "primary")
        check(backup, "backup")
        if let primary, let backup { compare(primary, backup) }
        if isMisplaced, let backup {
            problems.append(
                "the backup copy stands at sector \(backup.copy.lba), not at the end of the "
                    + "device, sector \(lastLBA)")
        }
        if let record, record.isProtective, record.isHybrid {
            problems.append("the MBR has partitions of its own beside the protective one (hybrid)")
        } else if record?.isProtective != true {
            problems.append("there is no protective MBR")
        }
        var partitions = [PartitionTable.Partition]()
        var extentProblems = [String]()
        for (index, entry) in chosen.entries.enumerated() where entry.isUsed {
            partitions.append(partition(index + 1, entry, sectorSize: sectorSize))
            if entry.startingLBA < header.firstUsableLBA || entry.endingLBA > header.lastUsableLBA {
                extentProblems.append(
                    "partition \(index + 1) lies outside of the usable sectors "
                        + "\(header.firstUsableLBA) to \(header.lastUsableLBA)")
            }
            if entry.endingLBA < entry.startingLBA {
                extentProblems.append("partition \(index + 1) ends before it begins")
            }
        }
        var table = PartitionTable(
            label: "gpt", id: header.diskGUID, firstLBA: header.firstUsableLBA,
            lastLBA: header.lastUsableLBA, sectorSize: sectorSize, partitions: partitions,
            primary: primary?.copy ?? .init(lba: 1), backup: backup?.copy ?? .init(lba: lastLBA),
            protectiveMBR: record, isHybrid: record?.isHybrid ?? false,
            copyDifferences: differences,
            isBackupAtEnd: backup.map { $0.copy.lba == lastLBA } ?? false,
            extentProblems: extentProblems, problems: problems)
        table.checkExtents(byteCount: source.byteCount) { _ in false }
        return table
    }

    private func partition(
        _ number: Int, _ entry: GPTEntry, sectorSize: Int
    ) -> PartitionTable.Partition {
        let size =
            entry.endingLBA >= entry.startingLBA
            ? (entry.endingLBA - entry.startingLBA).addingReportingOverflow(1).partialValue : 0
        return .init(
            number: number, start: entry.startingLBA, size: size,
            startByte: PartitionTable.byteCount(entry.startingLBA, sectorSize),
            byteCount: PartitionTable.byteCount(size, sectorSize),
            type: entry.partitionTypeGUID,
            typeName: PartitionType.name(ofGUID: entry.partitionTypeGUID),
            uuid: entry.uniquePartitionGUID,
            name: entry.partitionName.isEmpty ? nil : entry.partitionName,
            attrs: entry.attributesText)
    }

    private mutating func check(_ found: Found?, _ name: String) {
        guard let copy = found?.copy, let header = copy.header else {
            problems.append("the \(name) copy is not there")
            return
        }
        if !header.isHeaderChecksumValid {
            problems.append("the header of the \(name) copy has a wrong checksum")
        }
        if copy.areEntriesValid == false {
            problems.append("the entries of the \(name) copy have a wrong checksum")
        }
        if header.myLBA != copy.lba {
            problems.append(
                "the \(name) header at sector \(copy.lba) says it stands at \(header.myLBA)")
        }
    }

    private mutating func compare(_ primary: Found, _ backup: Found) {
        guard let first = primary.copy.header, let second = backup.copy.header else { return }
        var differences = [String]()
        func compare<Value: Equatable>(_ field: String, _ one: Value, _ other: Value) {
            if one != other { differences.append("\(field) (\(one) and \(other))") }
        }
        compare("disk GUID", first.diskGUID, second.diskGUID)
        compare("revision", first.revision, second.revision)
        compare("first usable sector", first.firstUsableLBA, second.firstUsableLBA)
        compare("last usable sector", first.lastUsableLBA, second.lastUsableLBA)
        compare(
            "number of entries", first.numberOfPartitionEntries, second.numberOfPartitionEntries)
        compare("size of an entry", first.sizeOfPartitionEntry, second.sizeOfPartitionEntry)
        if first.alternateLBA != backup.copy.lba {
            differences.append(
                "the place of the backup (\(first.alternateLBA) and \(backup.copy.lba))")
        }
        if second.alternateLBA != primary.copy.lba {
            differences.append(
                "the place of the primary (\(primary.copy.lba) and \(second.alternateLBA))")
        }
        let count = max(primary.entries.count, backup.entries.count)
        let numbers = (0..<count).filter { index in
            let one = index < primary.entries.count ? primary.entries[index] : .unused
            let other = index < backup.entries.count ? backup.entries[index] : .unused
            return one != other && (one.isUsed || other.isUsed)
        }
        if !numbers.isEmpty {
            let named = numbers.prefix(16).map { String($0 + 1) }.joined(separator: ", ")
            differences.append("the entries \(named)\(numbers.count > 16 ? " and more" : "")")
        }
        self.differences = differences
        if !differences.isEmpty {
            problems.append("the two copies disagree on " + differences.joined(separator: ", "))
        }
    }
}

extension GPTEntry {
    /// An entry that stands for no partition.
    static let unused = GPTEntry(
        partitionTypeGUID: unusedType, uniquePartitionGUID: unusedType, startingLBA: 0,
        endingLBA: 0, attributes: 0, partitionName: "")

    private init(
        partitionTypeGUID: String, uniquePartitionGUID: String, startingLBA: UInt64,
        endingLBA: UInt64, attributes: UInt64, partitionName: String
    ) {
        self.partitionTypeGUID = partitionTypeGUID
        self.uniquePartitionGUID = uniquePartitionGUID
        self.startingLBA = startingLBA
        self.endingLBA = endingLBA
        self.attributes = attributes
        self.partitionName = partitionName
    }
}
