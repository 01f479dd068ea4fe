import DiagModel
import Foundation
import Testing

@testable import DiagFormats

@Suite("Partition tables")
struct PartitionTableTests {
    /// What `sfdisk --json` printed of an image, without the names of the device nodes.
    private func sfdisk(_ name: String) throws -> JSONValue {
        let text = Array(try MetadataImage.text("\(name).json").utf8)
        guard case .object(var table)? = try JSONTextReader.parse(text)["partitiontable"],
            case .array(let partitions)? = table["partitions"]
        else { return .null }
        table["device"] = nil
        // How sfdisk would align new partitions: nothing that stands on the device.
        table["grain"] = nil
        table["partitions"] = .array(
            partitions.map { partition in
                guard case .object(var members) = partition else { return .null }
                let node = members.removeValue(forKey: "node")?.text ?? ""
                members["number"] = .integer(Int64(node.drop { !$0.isNumber }) ?? 0)
                return .object(members)
            })
        return .object(table)
    }

    /// The members of our table that sfdisk prints too.
    private func common(_ table: PartitionTable) throws -> JSONValue {
        let names: Set<String> = [
            "label", "id", "unit", "firstlba", "lastlba", "sectorsize", "partitions",
        ]
        guard
            case .object(var value) = try JSONTextReader.parse(
                try JSONDocument.encode(table, layout: .line)),
            case .array(let partitions)? = value["partitions"]
        else { return .null }
        value = value.filter { names.contains($0.key) }
        value["partitions"] = .array(
            partitions.map { partition in
                guard case .object(var members) = partition else { return .null }
                for name in ["typeName", "startByte", "byteCount"] { members[name] = nil }
                if table.label == "dos" { members["uuid"] = nil }
                return .object(members)
            })
        return .object(value)
    }

    @Test(
        "Every value that sfdisk prints is the same here",
        arguments: [("gpt", 512), ("dos", 512), ("gpt4k", 4096), ("hybrid", 512)])
    func agreement(name: String, sectorSize: Int) throws {
        let device = try MetadataImage.device(name, logicalBlockSize: sectorSize)
        let reading = try #require(PartitionTableReading(reading: device))
        #expect(try common(reading.table) == sfdisk(name))
        #expect(reading.table.extentProblems == [])
        #expect(device.readByteCount < 128 << 10)
    }

    @Test("A sound GPT has two equal copies, and every byte of it is kept")
    func sound() throws {
        let reading = try #require(
            PartitionTableReading(reading: try MetadataImage.device("gpt")))
        let table = reading.table
        #expect(table.problems == [])
        #expect(table.primary?.isValid == true && table.backup?.isValid == true)
        #expect(table.copyDifferences == [] && table.isBackupAtEnd == true)
        #expect(table.isHybrid == false)
        #expect(
            table.partitions.map(\.typeName) == [
                "EFI system partition", "Linux filesystem", "Linux RAID",
            ])
        #expect(table.partitions.map(\.startByte) == [1 << 20, 4 << 20, 10 << 20])
        #expect(table.partitions.map(\.byteCount) == [2 << 20, 4 << 20, 5 << 20])
        #expect(
            reading.pieces.map(\.name) == [
                "mbr", "gpt-primary-header", "gpt-primary-entries", "gpt-backup-entries",
                "gpt-backup-header",
            ])
        #expect(reading.pieces.map(\.bytes.count) == [512, 512, 16384, 16384, 512])
    }

    @Test("A hybrid MBR is told")
    func hybrid() throws {
        let table = try #require(
            PartitionTableReading(reading: try MetadataImage.device("hybrid"))
        ).table
        #expect(table.isHybrid == true)
        #expect(table.protectiveMBR?.partitionRecord.map(\.type) == [0xEE, 0xEF, 0x83, 0])
        #expect(
            table.problems == [
                "the MBR has partitions of its own beside the protective one (hybrid)"
            ])
    }

    @Test("A table written for other sectors than the device's is read, and told")
    func otherSectors() throws {
        let small = try #require(
            PartitionTableReading(reading: try MetadataImage.device("gpt", logicalBlockSize: 4096))
        ).table
        #expect(small.sectorSize == 512 && small.partitions.count == 3)
        #expect(
            small.problems == [
                "the table counts in sectors of 512 bytes, the device has sectors of 4096 bytes"
            ])
        let large = try #require(
            PartitionTableReading(reading: try MetadataImage.device("gpt4k"))
        ).table
        #expect(large.sectorSize == 4096 && large.partitions.count == 2)
    }

    @Test("With the primary header gone the backup serves, and the other way round")
    func oneCopy() throws {
        let whole = try #require(
            PartitionTableReading(reading: try MetadataImage.device("gpt"))
        ).table
        let device = try MetadataImage.device("gpt")
        MetadataImage.put([UInt8](repeating: 0, count: 512), into: &device.content, at: 512)
        let backup = try #require(PartitionTableReading(reading: device)).table
        #expect(backup.partitions == whole.partitions && backup.id == whole.id)
        #expect(backup.primary == .init(lba: 1) && backup.backup?.isValid == true)
        #expect(backup.problems == ["the primary copy is not there"])

        let other = try MetadataImage.device("gpt")
        other.unreadable = [UInt64(other.content.count) - 512..<UInt64(other.content.count)]
        let primary = try #require(PartitionTableReading(reading: other)).table
        #expect(primary.partitions == whole.partitions)
        #expect(primary.problems == ["the backup copy is not there"])
    }

    @Test("An entry changed in one copy is a wrong checksum, and the other copy counts")
    func entryChanged() throws {
        let device = try MetadataImage.device("gpt")
        device.content[1024 + 128 + 32] ^= 1
        let table = try #require(PartitionTableReading(reading: device)).table
        #expect(table.primary?.areEntriesValid == false && table.primary?.isValid == false)
        #expect(table.partitions[1].start == 8192)
        #expect(
            table.problems == [
                "the entries of the primary copy have a wrong checksum",
                "the two copies disagree on the entries 2",
            ])
    }

    @Test("A backup that stayed where a smaller device ended is found there")
    func enlarged() throws {
        let device = try MetadataImage.device("gpt")
        device.size += 1 << 20
        let table = try #require(PartitionTableReading(reading: device)).table
        #expect(table.isBackupAtEnd == false && table.backup?.isValid == true)
        #expect(table.copyDifferences == [])
        #expect(
            table.problems == [
                "the backup copy stands at sector 32767, not at the end of the device, "
                    + "sector 34815"
            ])
    }

    @Test("Partitions that overlap, or end behind the device, are told")
    func extents() throws {
        let device = try MetadataImage.device("dos")
        MetadataImage.put(
            MetadataImage.littleEndian(UInt32(9000)), into: &device.content, at: 446 + 12)
        let table = try #require(PartitionTableReading(reading: device)).table
        #expect(table.extentProblems == ["partitions 1 and 5 overlap"])
        device.size = 16 << 20
        let short = try #require(PartitionTableReading(reading: device)).table
        #expect(
            short.extentProblems == [
                "partition 2 ends beyond the device, which has 32768 sectors",
                "partitions 1 and 5 overlap",
            ])
    }

    @Test("A chain of logical partitions that leads back ends there")
    func loop() throws {
        let device = try MetadataImage.device("dos")
        // The link of the first record: to that record, where the chain begins.
        MetadataImage.put(
            MetadataImage.littleEndian(UInt32(0)), into: &device.content, at: 8192 * 512 + 462 + 8)
        let table = try #require(PartitionTableReading(reading: device)).table
        #expect(table.partitions.map(\.number) == [1, 2, 5])
        #expect(table.problems == ["the chain of logical partitions loops at sector 8192"])
    }

    @Test("A chain without end is followed for 128 records only")
    func longChain() throws {
        var content = [UInt8](repeating: 0, count: 300 * 512)
        func record(at sector: Int, type: UInt8, first: UInt32, size: UInt32, next: UInt32) {
            var bytes = [UInt8](repeating: 0, count: 512)
            bytes[510] = 0x55
            bytes[511] = 0xAA
            let entry: (UInt8, UInt32, UInt32) -> [UInt8] = { type, first, size in
                [0, 0, 0, 0, type, 0, 0, 0] + MetadataImage.littleEndian(first)
                    + MetadataImage.littleEndian(size)
            }
            MetadataImage.put(entry(type, first, size), into: &bytes, at: 446)
            if next > 0 { MetadataImage.put(entry(5, next, 1), into: &bytes, at: 462) }
            MetadataImage.put(bytes, into: &content, at: sector * 512)
        }
        record(at: 0, type: 5, first: 1, size: 299, next: 0)
        for sector in 1..<299 {
            record(at: sector, type: 0x83, first: 0, size: 1, next: UInt32(sector))
        }
        let device = MemoryDevice(content)
        let table = try #require(PartitionTableReading(reading: device)).table
        #expect(table.partitions.count == 129)
        #expect(table.problems.contains("the chain of logical partitions is longer than 128"))
    }

    @Test("What begins a FAT or NTFS file system, or a LUKS volume, is no partition table")
    func noTable() throws {
        for (offset, name) in [(3, "NTFS    "), (82, "FAT32   "), (54, "FAT16   ")] {
            let device = try MetadataImage.device("dos")
            MetadataImage.put(Array(name.utf8), into: &device.content, at: offset)
            #expect(PartitionTableReading(reading: device) == nil)
        }
        let device = try MetadataImage.device("gpt")
        MetadataImage.put(LUKSMagic.primary, into: &device.content, at: 0)
        #expect(PartitionTableReading(reading: device) == nil)
        #expect(PartitionTableReading(reading: MemoryDevice([])) == nil)
        #expect(
            PartitionTableReading(reading: MemoryDevice([UInt8](repeating: 0, count: 4096))) == nil)
    }

    @Test("The label of a 3390 gives its serial and partitions")
    func dasd() throws {
        // Built from arch/s390/include/uapi/asm/vtoc.h: a label in block 2, the table of contents
        // in cylinder 0, head 1, with a format 4, a format 5 and two format 1 labels.
        var content = [UInt8](repeating: 0, count: 100 * 4096)
        let label: [UInt8] =
            [0xE5, 0xD6, 0xD3, 0xF1, 0xE5, 0xD6, 0xD3, 0xF1, 0xF0, 0xE7, 0xF0, 0xF1, 0xF2, 0xF0]
            + [0x40, 0, 0, 0, 1, 1]
        MetadataImage.put(label, into: &content, at: 2 * 4096)
        content[12 * 4096 + 44] = 0xF4
        content[13 * 4096 + 44] = 0xF5
        func partition(_ block: Int, first: [UInt8], last: [UInt8]) {
            content[block * 4096 + 44] = 0xF1
            MetadataImage.put([0xD3, 0xC9, 0xD5, 0xE4, 0xE7], into: &content, at: block * 4096)
            for index in 5..<44 { content[block * 4096 + index] = 0x40 }
            MetadataImage.put(first + last, into: &content, at: block * 4096 + 107)
        }
        partition(14, first: [0, 0, 0, 2], last: [0, 0, 0, 4])
        partition(15, first: [0, 0, 0, 5], last: [0, 1, 0, 0])
        let device = MemoryDevice(content, logicalBlockSize: 4096)
        device.size = 1 << 20
        let table = try #require(PartitionTableReading(reading: device)).table
        #expect(table.label == "dasd" && table.id == "0X0120" && table.sectorSize == 4096)
        #expect(table.partitions.map(\.start) == [24, 60])
        #expect(table.partitions.map(\.size) == [36, 132])
        #expect(table.partitions.map(\.name) == ["LINUX", "LINUX"])
        #expect(table.problems == [])
    }
}
