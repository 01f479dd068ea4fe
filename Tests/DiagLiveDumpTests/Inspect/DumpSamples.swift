import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import SystemPackage

@testable import DiagLiveDump

/// Files made by code, and a folder for them.
enum DumpSamples {
    /// Describes `bytes` as a file of the name `dump`, within a folder of its own.
    static func describe(_ bytes: [UInt8], name: String = "dump") throws -> DumpDescription {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dump-info-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("f")
        try Data(bytes).write(to: file)
        let open = try OwnedDescriptor.open(FilePath(file.path), .readOnly)
        return try DumpInspector.describe(open, name: name)
    }

    static func put<Value: FixedWidthInteger>(
        _ value: Value, at offset: Int, in bytes: inout [UInt8]
    ) {
        for index in 0..<(Value.bitWidth / 8) {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Value(index * 8))
        }
    }

    /// Describes `bytes` cut to each of `lengths`, the longest first, in one file that gets shorter.
    static func describeCut(
        _ bytes: [UInt8], to lengths: some Sequence<Int>, _ check: (Int, DumpDescription?) -> Void
    ) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("dump-info-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        for length in lengths {
            guard truncate(path, length) == 0 else { throw CocoaError(.fileWriteUnknown) }
            let open = try OwnedDescriptor.open(FilePath(path), .readOnly)
            check(length, try? DumpInspector.describe(open, name: "dump"))
        }
    }

    // MARK: Windows

    /// The types of dump that there are.
    static let windowsTypes: [UInt32] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

    /// A Windows dump with three pages of its own, at page frames 1, 2 and 5.
    static func windows(type: UInt32, is64Bit: Bool = true, code: UInt32 = 0x161) -> [UInt8] {
        let header = is64Bit ? 0x2000 : 0x1000
        var bytes = (0..<header).map { Array("PAGE".utf8)[$0 % 4] }
        bytes.replaceSubrange(4..<8, with: Array((is64Bit ? "DU64" : "DUMP").utf8))
        put(UInt32(15), at: 8, in: &bytes)
        put(UInt32(22621), at: 12, in: &bytes)
        put(UInt32(is64Bit ? 0x8664 : 0x14C), at: is64Bit ? 0x30 : 0x20, in: &bytes)
        put(UInt32(8), at: is64Bit ? 0x34 : 0x24, in: &bytes)
        put(code, at: is64Bit ? 0x38 : 0x28, in: &bytes)
        for index in 0..<4 {
            if is64Bit {
                put(
                    UInt64(index == 0 ? 0x0054_6173_6B6D_6772 : 0), at: 0x40 + 8 * index, in: &bytes
                )
            } else {
                put(UInt32(0), at: 0x2C + 4 * index, in: &bytes)
            }
        }
        put(UInt32(1), at: is64Bit ? 0x88 : 0x64, in: &bytes)
        if is64Bit {
            put(UInt64(3), at: 0x90, in: &bytes)
        } else {
            put(UInt32(3), at: 0x68, in: &bytes)
        }
        put(type, at: is64Bit ? 0xF98 : 0xF88, in: &bytes)
        // 2026-11-21T22:00:00Z
        put(
            UInt64(116_444_736_000_000_000 + 1_795_298_400 * 10_000_000),
            at: is64Bit ? 0xFA8 : 0xFC0, in: &bytes)
        put(UInt64(3600) * 10_000_000, at: is64Bit ? 0x1030 : 0xFB8, in: &bytes)
        bytes += table(type, is64Bit, header)
        if type != 3, type != 4 { bytes += [UInt8](repeating: 0xAA, count: 3 * 4096) }
        put(UInt64(bytes.count), at: 0xFA0, in: &bytes)
        return bytes
    }

    private static func table(_ type: UInt32, _ is64Bit: Bool, _ header: Int) -> [UInt8] {
        switch type {
        case 2, 5, 6:
            var table = [UInt8](repeating: 0, count: is64Bit ? 0x40 : 0x28)
            table.replaceSubrange(0..<8, with: Array(((type == 5 ? "F" : "S") + "DMPDUMP").utf8))
            if is64Bit {
                put(UInt64(header + table.count), at: 0x20, in: &table)
                put(UInt64(3), at: 0x28, in: &table)
                put(UInt64(8), at: 0x30, in: &table)
                table[0x38] = 0b10_0110
            } else {
                put(UInt32(header + table.count), at: 12, in: &table)
                put(UInt32(8), at: 16, in: &table)
                put(UInt32(3), at: 20, in: &table)
                table[32] = 0b10_0110
            }
            return table
        case 8, 9, 10:
            var table = [UInt8](repeating: 0, count: 0x60)
            put(UInt32(0x40), at: 0, in: &table)
            table.replaceSubrange(4..<12, with: Array("RDMPDUMP".utf8))
            put(UInt64(0x40), at: 0x10, in: &table)
            put(UInt64(header + table.count), at: 0x18, in: &table)
            if type == 10 { put(UInt64(3), at: 0x28, in: &table) }
            for (index, run) in [(1, 2), (5, 1)].enumerated() {
                put(UInt64(run.0), at: 0x30 + 16 * index, in: &table)
                put(UInt64(run.1), at: 0x38 + 16 * index, in: &table)
            }
            return table
        case 4:
            var table = [UInt8](repeating: 0, count: 0x100)
            put(UInt32(header + 0x100), at: 4, in: &table)
            return table
        default: return []
        }
    }

    // MARK: kdump and ELF

    static let vmcoreInfo = Array(
        "OSRELEASE=6.1.0-56-cloud-amd64\nBUILD-ID=3b43\nPAGESIZE=4096\nKERNELOFFSET=1a000000\n".utf8
    )

    /// A note of ours as the writer puts it into a dump.
    static let report = Array(
        """
        {"schema": "diagbundle.live-dump/1", "code": "LIVE_SYSTEM_DUMP", "codeNumber": "0x161",
         "parameters": ["0x646961676276646c", "0x0", "0x1b", "0x0"], "originator": "diagbvdl",
         "reason": "disk \\u001b[31mhangs", "kind": "full", "outcome": "complete", "host": "lab",
         "kernel": {"release": "6.1.0", "version": "#1 SMP Debian", "machine": "x86_64"},
         "started": "2026-11-21T22:00:00.000000Z", "ended": "2026-11-21T22:00:06.500000Z",
         "consistency": "smeared", "level": 27, "pages": {"slab": 1, "kept.slab": 1, "free": 3},
         "torn": {"sampled": 5, "changed": 2, "rounds": 1, "replaced": 2, "remaining": 0},
         "windows": [], "warnings": ["registers of processor 1 are zero"]}
        """.utf8)

    static func notes(withReport: Bool = true) -> [UInt8] {
        var registers = [UInt8](repeating: 0, count: 336)
        registers[120] = 1
        var notes = ELFNote(name: "CORE", type: 1, descriptor: registers).encoded
        notes +=
            ELFNote(
                name: "CORE", type: 1, descriptor: [UInt8](repeating: 0, count: 336)
            ).encoded
        notes += ELFNote(name: "VMCOREINFO", type: 0, descriptor: vmcoreInfo).encoded
        if withReport {
            notes += ELFNote(name: "DIAGBUNDLE", type: 0x161, descriptor: report).encoded
        }
        return notes
    }

    /// A kdump-compressed file of 64 page frames with eight pages: kernel, slab and its tail, page
    /// table, reserved, cache with data, a page of zeros twice; compressed with zstd, it says.
    static func kdump(
        status: KdumpHeader.Status = [.zstd], version: Int32 = 6, missing: Bool = false,
        withReport: Bool = true, words: Bool = true
    ) -> [UInt8] {
        let notes = notes(withReport: withReport)
        var header = KdumpHeader(
            uts: ["Linux", "lab", "6.1.0-56-cloud-amd64", "#1 SMP Debian 6.1", "x86_64", "(none)"],
            timeMicroseconds: 1_795_298_400_000_000, status: status, blockByteCount: 4096,
            subHeaderBlockCount: 1, bitmapBlockCount: 2, processorCount: 2,
            physicalBase: 0, dumpLevel: 27, vmcoreInfoOffset: 0, vmcoreInfoByteCount: 0,
            notesOffset: 4096 + 104, notesByteCount: UInt64(notes.count), pageFrameLimit: 64)
        header.version = version
        var bytes = header.encodedHeader
        var sub = header.encodedSubHeader + notes
        sub += [UInt8](repeating: 0, count: 4096 - sub.count)
        bytes += sub
        var first = [UInt8](repeating: 0, count: 4096)
        for index in 0..<8 { first[index] = 0xFF }
        var second = [UInt8](repeating: 0, count: 4096)
        second[0] = 0xFF
        bytes += first + second
        let tableEnd = UInt64(bytes.count + 8 * 24)
        let zero = (tableEnd + 4095) / 4096 * 4096
        let flags: [UInt64] = [
            0, 1 << 7 | 1 << 15, 1 << 16 | 1 << 7, 1 << 26, 1 << 32, 1 << 5 | 1 << 35, 0, 0,
        ]
        for index in 0..<8 {
            let isZero = index >= 6
            let isMissing = missing && index == 0
            bytes += little(isMissing ? 0 : isZero ? zero : zero + 4096 + UInt64(index) * 100)
            bytes += little(isMissing ? UInt32(0) : isZero ? 4096 : 100)
            bytes += little(isZero || isMissing ? UInt32(0) : 0x20)
            bytes += little(words ? flags[index] : 0)
        }
        bytes += [UInt8](repeating: 0, count: Int(zero) + 4096 + 600 - bytes.count)
        return bytes
    }

    static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
    }

    static func big(_ value: Int64) -> [UInt8] { little(value).reversed() }

    /// `bytes` as a flattened stream of pieces in reverse order, the first one twice.
    static func flattened(_ bytes: [UInt8], hasEnd: Bool = true) -> [UInt8] {
        var stream = Array("makedumpfile".utf8) + [0, 0, 0, 0] + big(1) + big(1)
        stream += [UInt8](repeating: 0, count: 4096 - stream.count)
        stream += big(0) + big(8) + [UInt8](repeating: 0x58, count: 8)
        for start in stride(from: 0, to: bytes.count, by: 1000).reversed() {
            let part = bytes[start..<min(start + 1000, bytes.count)]
            stream += big(Int64(start)) + big(Int64(part.count)) + part
        }
        return hasEnd ? stream + big(-1) + big(-1) : stream
    }

    /// An ELF core of a kernel: a segment of four pages of which two are stored.
    static func elf(notes: [UInt8], virtualAddress: UInt64 = 0xFFFF_8880_0000_0000) -> [UInt8] {
        var bytes = ELFHeader(machine: 62, programHeaderCount: 2).encoded
        bytes +=
            ELFProgramHeader(
                kind: .note, fileOffset: 176, fileByteCount: UInt64(notes.count), memoryByteCount: 0
            ).encoded
        bytes +=
            ELFProgramHeader(
                kind: .load, fileOffset: UInt64(176 + notes.count), virtualAddress: virtualAddress,
                physicalAddress: 0, fileByteCount: 8192, memoryByteCount: 16_384
            ).encoded
        return bytes + notes + [UInt8](repeating: 0, count: 8192)
    }

    static func lime(_ ranges: [(UInt64, Int)]) -> [UInt8] {
        ranges.flatMap { start, count in
            LiMEHeader(start: start, last: start + UInt64(count) - 1).encoded
                + [UInt8](repeating: 7, count: count)
        }
    }

    static func avml(_ ranges: [(UInt64, UInt64, Int)]) -> [UInt8] {
        ranges.flatMap { start, memory, count in
            LiMEHeader(isCompressed: true, start: start, last: start + memory - 1).encoded
                + [UInt8](repeating: 7, count: count) + little(UInt64(count))
        }
    }

    /// One file of each kind.
    static var all: [[UInt8]] {
        windowsTypes.map { windows(type: $0) }
            + windowsTypes.map { windows(type: $0, is64Bit: false) }
            + [
                kdump(), flattened(kdump()), elf(notes: notes()),
                lime([(0x1000, 4096), (0x100000, 8192)]),
                avml([(0, 65536, 100), (1 << 24, 65536, 3)]),
            ]
    }
}
