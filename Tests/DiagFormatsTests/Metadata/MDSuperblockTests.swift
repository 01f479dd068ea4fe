import DiagModel
import Foundation
import Testing

@testable import DiagFormats

@Suite("Superblocks of Linux software RAID")
struct MDSuperblockTests {
    static let images = [
        "md-0.90", "md-1.0", "md-1.1", "md-1.2", "md-raid5", "md-raid5b", "md-stale",
    ]

    private func member(_ name: String) throws -> MDReading.Member {
        let reading = try #require(MDReading(reading: try MetadataImage.device(name)))
        #expect(reading.problems == [] && reading.firmwareFormats == [])
        #expect(reading.members.count == 1)
        return try #require(reading.members.first)
    }

    /// The lines `key : value` of `mdadm --examine`.
    private func examine(_ name: String) throws -> [String: String] {
        var values = [String: String]()
        for line in try MetadataImage.text("\(name).txt").split(separator: "\n") {
            guard let mark = line.range(of: " : ") else { continue }
            let key = line[..<mark.lowerBound].trimmingCharacters(in: .whitespaces)
            values[key] = line[mark.upperBound...].trimmingCharacters(in: .whitespaces)
        }
        return values
    }

    private func time(_ text: String?) throws -> Timestamp {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "EEE MMM d HH:mm:ss yyyy"
        let date = try #require(text.flatMap { format.date(from: $0) })
        return Timestamp(microsecondsSince1970: Int64(date.timeIntervalSince1970) * 1_000_000)
    }

    private func seconds(_ time: Timestamp?) -> Int64? {
        time.map { $0.microsecondsSince1970 / 1_000_000 }
    }

    @Test("Every value that mdadm --examine prints is the same here", arguments: images)
    func agreement(name: String) throws {
        let block = try member(name).superblock
        let truth = try examine("\(name).examine")
        func number(_ key: String) -> UInt64? {
            truth[key]?.split(separator: " ").first.flatMap { UInt64($0) }
        }
        #expect(truth["Version"]?.hasPrefix(block.metadataVersion) == true)
        #expect(block.arrayUUID == truth["Array UUID"] ?? truth["UUID"])
        #expect(block.deviceUUID == truth["Device UUID"])
        #expect(block.arrayName == truth["Name"])
        #expect(block.level == truth["Raid Level"])
        #expect(UInt64(block.raidDisks) == number("Raid Devices"))
        #expect(block.events == number("Events"))
        #expect((block.isClean ? "clean" : "active") == truth["State"])
        #expect(block.isChecksumValid == truth["Checksum"]?.hasSuffix(" - correct"))
        #expect(seconds(block.creationTime) == seconds(try time(truth["Creation Time"])))
        #expect(seconds(block.updateTime) == seconds(try time(truth["Update Time"])))
        #expect(block.layoutName == truth["Layout"])
        #expect(block.chunkByteCount == (truth["Chunk Size"] == "64K" ? 65536 : 0))
        let isOld = block.preferredMinor != nil
        #expect(block.dataOffset == (number("Data Offset") ?? (isOld ? nil : 0)))
        #expect(block.superOffset == number("Super Offset"))
        #expect(block.dataSize == number("Avail Dev Size"))
        if !isOld {
            #expect(block.bitmapOffset == number("Internal Bitmap").map { Int32($0) })
            let log = "at offset \(block.badBlockLogOffset ?? 0) sectors"
            #expect(truth["Bad Block Log"]?.hasSuffix(log) == true)
            let role = truth["Device Role"]?.lowercased()
            #expect(block.role?.text == role?.replacingOccurrences(of: "device ", with: ""))
            #expect(truth["Array State"]?.hasPrefix(block.arrayState + " ") == true)
        } else {
            #expect(block.preferredMinor.map { UInt64($0) } == number("Preferred Minor"))
            #expect(block.usedSectorCount == (number("Used Dev Size") ?? 0) * 2)
            #expect(block.workingDisks.map { UInt64($0) } == number("Working Devices"))
            #expect(block.failedDisks.map { UInt64($0) } == number("Failed Devices"))
            #expect(block.spareDisks.map { UInt64($0) } == number("Spare Devices"))
            #expect(block.deviceRoles == [.active(0), .active(1)])
            #expect(block.arrayState == "AA" && block.deviceNumber == 0)
        }
    }

    @Test("What mdadm shows less plainly is right too")
    func more() throws {
        let block = try member("md-raid5").superblock
        #expect(block.offset == 4096 && block.metadataVersion == "1.2")
        #expect(block.arrayState == "AA." && block.missingSlotCount == 1)
        #expect(block.role == .active(0) && block.deviceNumber == 0)
        #expect(block.features == ["bitmap-offset"] && block.deviceFlags == [])
        #expect(block.resyncOffset == nil && block.reshapePosition == nil)
        let stale = try member("md-stale").superblock
        #expect(stale.arrayUUID == block.arrayUUID && stale.events < block.events)
        #expect(stale.arrayState == "AAA")
    }

    @Test("The head of a bitmap is what mdadm --examine-bitmap prints")
    func bitmap() throws {
        let bitmap = try #require(try member("md-1.2").bitmap)
        let truth = try examine("md-1.2.bitmap")
        #expect(bitmap.uuid == truth["UUID"])
        #expect(String(bitmap.version) == truth["Version"])
        #expect(String(bitmap.events) == truth["Events"])
        #expect(String(bitmap.eventsCleared) == truth["Events Cleared"])
        #expect(bitmap.state == [] && truth["State"] == "OK")
        #expect(bitmap.chunkByteCount == 64 << 20 && truth["Chunksize"] == "64 MB")
        #expect(truth["Daemon"] == "\(bitmap.daemonSleepSeconds)s flush period")
        #expect(truth["Sync Size"]?.hasPrefix("\(bitmap.syncSize / 2) ") == true)
        #expect(bitmap.nodes == 0 && bitmap.clusterName == nil && bitmap.writeBehind == 0)
    }

    @Test("A byte that changed makes the checksum wrong, of every version", arguments: images)
    func checksum(name: String) throws {
        let device = try MetadataImage.device(name)
        let offset = Int(try member(name).superblock.offset)
        device.content[offset + 25] ^= 1
        let reading = try #require(MDReading(reading: device))
        #expect(reading.members.first?.superblock.isChecksumValid == false)
        #expect(reading.problems.count == 1)
    }

    @Test("A superblock that belongs elsewhere is another device's")
    func displaced() throws {
        let device = try MetadataImage.device("md-1.2")
        let bytes = Array(device.content[4096..<8192])
        MetadataImage.put([UInt8](repeating: 0, count: 4096), into: &device.content, at: 4096)
        MetadataImage.put(bytes, into: &device.content, at: 0)
        let reading = try #require(MDReading(reading: device))
        #expect(reading.members == [] && reading.problems.count == 1)
    }

    @Test("Roles, reshapes and recoveries of version 1 are told")
    func shapes() throws {
        var bytes = try member("md-raid5").bytes
        func put(_ value: UInt32, _ at: Int) {
            MetadataImage.put(MetadataImage.littleEndian(value), into: &bytes, at: at)
        }
        // Feature bits: recovery, reshape, replacement. Changed from a real one, by md_p.h.
        put(0x16, 8)
        put(6, 100)
        put(1, 112)
        put(2, 116)
        put(256, 120)
        put(4096, 104)
        put(8192, 152)
        MetadataImage.put(
            [0, 0, 0, 0, 0xFF, 0xFF, 0xFE, 0xFF, 0xFD, 0xFF], into: &bytes, at: 256)
        let block = try MDSuperblock(parsingVersion1: bytes.span, at: 4096)
        #expect(block.arrayState == "R..")
        #expect(block.deviceRoles.prefix(5) == [.active(0), .active(0), .spare, .faulty, .journal])
        #expect(block.newLevel == "raid6" && block.deltaDisks == 1 && block.newLayout == 2)
        #expect(block.newChunkByteCount == 131_072 && block.reshapePosition == 4096)
        #expect(block.recoveryOffset == 8192)
        #expect(block.features == ["recovery-offset", "reshape-active", "replacement"])
        let bytesBack = try JSONDocument.encode(block, layout: .line)
        #expect(try JSONDocument.decode(MDSuperblock.self, from: bytesBack) == block)
    }

    @Test("A superblock 0.90 of a machine of the other byte order says the same")
    func bigEndian() throws {
        let member = try member("md-0.90")
        var swapped = member.bytes
        for at in stride(from: 0, to: 4096, by: 4) { swapped[at..<at + 4].reverse() }
        // Numbers of 64 bits have their halves in the other order there.
        for at in [156, 164, 176] {
            let low = Array(swapped[at..<at + 4])
            swapped.replaceSubrange(at..<at + 4, with: Array(swapped[at + 4..<at + 8]))
            swapped.replaceSubrange(at + 4..<at + 8, with: low)
        }
        let block = try MDSuperblock(parsingVersion0: swapped.span, at: member.superblock.offset)
        #expect(block == member.superblock)
    }

    @Test("Firmware RAID is known by its marks, 4096 bytes to a sector or 512")
    func firmware() throws {
        for size in [512, 4096] {
            var content = [UInt8](repeating: 0, count: 1 << 20)
            MetadataImage.put(
                Array("Intel Raid ISM Cfg Sig. 1.1.00".utf8), into: &content,
                at: content.count - 2 * size)
            MetadataImage.put([0xDE, 0x11, 0xDE, 0x11], into: &content, at: content.count - size)
            let device = MemoryDevice(content, logicalBlockSize: size)
            #expect(MDReading(reading: device)?.firmwareFormats == ["ddf", "imsm"])
        }
        #expect(MDReading(reading: MemoryDevice([UInt8](repeating: 0, count: 1 << 20))) == nil)
        #expect(MDReading(reading: MemoryDevice([])) == nil)
    }
}
