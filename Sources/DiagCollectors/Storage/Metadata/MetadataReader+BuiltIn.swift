internal import DiagDigest
internal import DiagFormats
internal import DiagModel

extension MetadataReader {
    /// The partition table.
    static let partitionTable = MetadataReader("partitionTable") { source in
        guard let reading = PartitionTableReading(reading: source) else { return nil }
        let table = reading.table
        var facts: [String: JSONValue] = [
            "partitionTable": .string(table.label), "partitionTableID": .string(table.id),
            "partitionCount": .integer(table.partitions.count),
            "partitionSectorByteCount": .integer(table.sectorSize),
        ]
        if !table.problems.isEmpty {
            facts["partitionTableProblems"] = .array(table.problems.map { .string($0) })
        }
        if table.label == "gpt" {
            facts["isPrimaryTableValid"] = .bool(table.primary?.isValid == true)
            facts["isBackupTableValid"] = .bool(table.backup?.isValid == true)
            facts["isBackupTableAtEnd"] = .bool(table.isBackupAtEnd == true)
            facts["isHybrid"] = .bool(table.isHybrid == true)
            facts["tableDifferences"] = .array(
                (table.copyDifferences ?? []).map { .string($0) })
        }
        if !table.extentProblems.isEmpty {
            facts["partitionExtentProblems"] = .array(table.extentProblems.map { .string($0) })
        }
        return MetadataPart(
            members: ["partitionTable": JSONValue(encoding: table)], facts: facts,
            problems: table.problems,
            raw: reading.pieces.map { ($0.name, $0.offset, $0.bytes) })
    }

    /// The superblocks and bitmaps of Linux software RAID, and the marks of firmware RAID.
    static let raid = MetadataReader("raid") { source in
        guard let reading = MDReading(reading: source) else { return nil }
        var part = MetadataPart(members: [:], problems: reading.problems)
        // Of several, the first one that is whole counts; the others were left behind.
        let first =
            reading.members.first(where: \.superblock.isChecksumValid) ?? reading.members.first
        if let first {
            part.members["raidSuperblock"] = JSONValue(encoding: first.superblock)
            part.members["bitmap"] = first.bitmap.map { JSONValue(encoding: $0) }
            part.facts = facts(of: first)
            let others = reading.members.filter { $0 != first }
            if !others.isEmpty {
                part.members["otherRaidSuperblocks"] = .array(
                    others.map { JSONValue(encoding: $0.superblock) })
            }
        }
        if !reading.firmwareFormats.isEmpty {
            let names = JSONValue.array(reading.firmwareFormats.map { .string($0) })
            part.members["firmwareRAID"] = names
            part.facts["firmwareRAID"] = names
        }
        for member in reading.members {
            let block = member.superblock
            part.raw.append(("md-\(block.metadataVersion)", block.offset, member.bytes))
            if let bytes = member.bitmapBytes, let distance = block.bitmapOffset {
                let place = Int64(clamping: block.offset) + Int64(distance) * 512
                part.raw.append(
                    ("md-\(block.metadataVersion)-bitmap", UInt64(clamping: place), bytes))
            }
        }
        return part
    }

    private static func facts(of member: MDReading.Member) -> [String: JSONValue] {
        let block = member.superblock
        var facts: [String: JSONValue] = [
            "mdVersion": .string(block.metadataVersion),
            "mdArrayUUID": .string(block.arrayUUID), "mdLevel": .string(block.level),
            "mdRaidDisks": .integer(UInt64(block.raidDisks)),
            "mdEvents": .integer(block.events), "mdArrayState": .string(block.arrayState),
            "mdIsClean": .bool(block.isClean), "mdIsChecksumValid": .bool(block.isChecksumValid),
        ]
        facts["mdArrayName"] = block.arrayName.map { .string($0) }
        facts["mdDeviceUUID"] = block.deviceUUID.map { .string($0) }
        facts["mdDeviceNumber"] = block.deviceNumber.map { .integer(UInt64($0)) }
        facts["mdRole"] = block.role.map { .string($0.text) }
        facts["mdUpdateTime"] = block.updateTime.map { .string($0.description) }
        facts["mdReshapePosition"] = block.reshapePosition.map { .integer($0) }
        facts["mdBitmapState"] = member.bitmap.map { .array($0.state.map { .string($0) }) }
        return facts
    }

    /// The headers of encrypted volumes, without keys, salts and digests.
    static let encryption = MetadataReader("encryption") { source in
        guard let reading = LUKSReading(reading: source, digest: digest) else { return nil }
        var facts: [String: JSONValue] = [
            "encryption": .string(reading.type),
            "activeKeySlotCount": .integer(reading.activeKeySlotCount),
        ]
        facts["encryptionUUID"] = reading.uuid.map { .string($0) }
        if let label = reading.header?.label, !label.isEmpty {
            facts["encryptionLabel"] = .string(label)
        }
        if reading.type == "luks2" {
            facts["isPrimaryHeaderValid"] = .bool(
                reading.primary != nil && reading.primary?.isChecksumValid != false)
            facts["isSecondaryHeaderValid"] = .bool(
                reading.secondary != nil && reading.secondary?.isChecksumValid != false)
        }
        if !reading.problems.isEmpty {
            facts["encryptionProblems"] = .array(reading.problems.map { .string($0) })
        }
        return MetadataPart(
            members: ["encryption": JSONValue(encoding: reading)], facts: facts,
            problems: reading.problems)
    }

    /// What is known by a mark alone.
    static let signatures = MetadataReader("signatures") { source in
        let found = DeviceSignature.read(source)
        guard !found.isEmpty else { return nil }
        return MetadataPart(
            members: ["signatures": JSONValue(encoding: found)],
            facts: ["signatures": .array(found.map { .string($0.name) })])
    }

    /// The digest by a hash function that a LUKS2 header may name.
    private static func digest(_ algorithm: String, _ bytes: [UInt8]) -> [UInt8]? {
        HashFunction(rawValue: algorithm)?.digest(of: bytes).bytes
    }
}
