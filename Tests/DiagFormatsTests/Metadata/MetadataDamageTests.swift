import DiagModel
import Foundation
import Testing

@testable import DiagFormats

/// Whatever stands on a device gives a value or nothing: never a trap, and never much reading.
@Suite("Damaged metadata")
struct MetadataDamageTests {
    /// The bytes of each structure, with what reads them.
    private static func structures() throws -> [(name: String, bytes: [UInt8])] {
        let gpt = try MetadataImage.bytes("gpt")
        let luks2 = try MetadataImage.bytes("luks2")
        let text = luks2[4096...].prefix { $0 != 0 }
        let old = try MetadataImage.bytes("md-0.90")
        let raid = try MetadataImage.bytes("md-raid5")
        let offset = Int(MDSuperblock.version0Offset(byteCount: UInt64(old.count)) ?? 0)
        return [
            ("mbr", Array(gpt[..<512])), ("gpt", Array(gpt[512..<1024])),
            ("entry", Array(gpt[1024..<1152])), ("md0", Array(old[offset..<offset + 4096])),
            ("md1", Array(raid[4096..<4096 + 1024])), ("bitmap", Array(raid[8192..<8448])),
            ("luks1", Array(try MetadataImage.bytes("luks1")[..<592])),
            ("luks2", Array(luks2[..<4096])), ("text", Array(text)),
            ("zfs", DeviceSignatureTests.label),
        ]
    }

    private func parse(_ name: String, _ bytes: [UInt8]) throws(FormatError) {
        switch name {
        case "mbr": _ = try MasterBootRecord(parsing: bytes.span)
        case "gpt": _ = try GPTHeader(parsing: bytes.span).entriesByteCount
        case "entry": _ = try GPTEntry(parsing: bytes.span).attributesText
        case "md0": _ = try MDSuperblock(parsingVersion0: bytes.span, at: 65536)
        case "md1": _ = try MDSuperblock(parsingVersion1: bytes.span, at: 4096)
        case "bitmap": _ = try MDBitmap(parsing: bytes.span)
        case "luks1": _ = try LUKS1Header(parsing: bytes.span)
        case "luks2": _ = try LUKS2Header(parsing: bytes.span)
        case "text": _ = try LUKS2Metadata(parsing: bytes.span)
        default: _ = try ZFSLabel(parsing: bytes.span)
        }
    }

    @Test("Every structure that is cut is an error, and a whole one is none")
    func truncated() throws {
        for (name, bytes) in try Self.structures() {
            try parse(name, bytes)
            // The text takes long, and each of its bytes is cut at by the JSON reader's own tests.
            for length in stride(from: 0, to: bytes.count, by: name == "text" ? 7 : 1) {
                do {
                    try parse(name, Array(bytes[..<length]))
                    // These tell their own end, and have more bytes here.
                    let ends = ["gpt": 92, "md1": 512, "zfs": 12]
                    if length < ends[name] ?? .max { Issue.record("\(name) \(length)") }
                } catch {}
            }
        }
    }

    @Test("Every byte of every structure may have another value")
    func flipped() throws {
        for (name, bytes) in try Self.structures() {
            // The text is read as a whole each time: every eighth byte of it will do.
            for index in stride(from: 0, to: bytes.count, by: name == "text" ? 8 : 1) {
                // The rest of these is the same disk, or zeros, again and again.
                if name == "md0" || name == "luks2", index > 512, index % 32 != 0 { continue }
                for change in [0x01, 0x80, 0xFF] as [UInt8] {
                    var damaged = bytes
                    damaged[index] ^= change
                    do { try parse(name, damaged) } catch {}
                }
            }
        }
    }

    /// A small device with everything on it that fits beside another.
    private static func devices() throws -> [(name: String, device: MemoryDevice)] {
        var devices = [(name: String, device: MemoryDevice)]()
        for (name, size) in [("gpt", 512), ("gpt4k", 4096), ("hybrid", 512)] {
            devices.append((name, try MetadataImage.device(name, logicalBlockSize: size)))
        }
        for name in ["dos", "md-0.90", "md-1.0", "md-1.1", "md-raid5", "luks1", "luks2"] {
            devices.append((name, try MetadataImage.device(name)))
        }
        return devices
    }

    private func read(_ device: MemoryDevice, _ what: @autoclosure () -> String) {
        device.resetCounters()
        _ = PartitionTableReading(reading: device)
        _ = MDReading(reading: device)
        _ = LUKSReading(reading: device) { _, bytes in
            [UInt8](repeating: bytes.last ?? 0, count: 32)
        }
        _ = DeviceSignature.read(device)
        #expect(device.readByteCount < 12 << 20 && device.readCount < 2000, "\(what())")
    }

    @Test("Devices with random damage are read to their end, and little of them")
    func random() throws {
        var sequence = FixedSequence(state: 0x5EED)
        let wanted = ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap { Int($0) }
        let structures = try Self.structures()
        let rounds = wanted ?? 80_000
        for round in 0..<rounds {
            // The short ones more often than those that take long.
            let pick = round % 512
            let usual = [0, 1, 2, 5, 9, 2, 5, round % 64 == 7 ? 4 : 6][round % 8]
            let (name, bytes) = structures[pick == 0 ? 3 : pick == 1 ? 8 : pick == 2 ? 7 : usual]
            var damaged = bytes
            for _ in 0..<1 + sequence.next(below: 6) {
                damaged[sequence.next(below: damaged.count)] = UInt8(sequence.next(below: 256))
            }
            do { try parse(name, damaged) } catch {}
        }
        let devices = try Self.devices()
        for round in 0..<rounds / 160 {
            let (name, device) = devices[round % devices.count]
            let end = device.content.count
            var changes = [(place: Int, old: UInt8)]()
            for _ in 0..<1 + sequence.next(below: 8) {
                let place: Int
                switch sequence.next(below: 4) {
                case 0: place = sequence.next(below: min(end, 2048))
                case 1: place = end - 1 - sequence.next(below: min(end, 1024))
                case 2: place = min(end - 1, 4096 + sequence.next(below: 4096))
                default: place = max(0, end - 65536 - 4096 + sequence.next(below: 4096)) % end
                }
                changes.append((place, device.content[place]))
                device.content[place] = UInt8(sequence.next(below: 256))
            }
            read(device, "\(name) \(changes)")
            for (place, old) in changes.reversed() { device.content[place] = old }
        }
    }

    @Test("A device that ends anywhere is read up to there")
    func shortened() throws {
        for (name, device) in try Self.devices() {
            let whole = device.content.count
            for length in Array(0..<40).map({ $0 * 509 }) + (1..<20).map({ whole - $0 * 4093 })
            where length >= 0 && length <= whole {
                device.size = UInt64(length)
                read(device, "\(name) cut at \(length)")
            }
        }
    }
}
