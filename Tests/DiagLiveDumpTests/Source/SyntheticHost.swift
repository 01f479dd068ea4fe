import DiagFormats
import DiagLiveDump
import DiagSystem
import Foundation
import SystemPackage

/// A folder that stands for the root of a host with 4 KiB pages, gone when the test is over.
final class SyntheticHost {
    static let host = KernelCore.Host(
        uts: ["Linux", "host", "6.1.0", "#1", "x86_64", ""], pageByteCount: 4096,
        processorCount: 2)

    let path: FilePath
    let tree: RootedTree

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "diagbundle-dump-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
        tree = try RootedTree(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    func write(_ bytes: [UInt8], to name: String) throws {
        let target = path.appending(name)
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: target.string))
    }

    /// Other bytes in the same file, which may be open.
    func overwrite(_ bytes: [UInt8], at name: String) throws {
        let file = try FileHandle(
            forWritingTo: URL(fileURLWithPath: path.appending(name).string))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    func link(_ name: String, to target: String) throws {
        let place = path.appending(name)
        try FileManager.default.createDirectory(
            atPath: place.removingLastComponent().string, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: place.string, withDestinationPath: target)
    }

    /// Words of /proc/kpageflags.
    func write(flags: [UInt64]) throws {
        try write(flags.flatMap(\.littleEndianBytes), to: "proc/kpageflags")
    }
}

extension UInt64 {
    var littleEndianBytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}

/// Memory that has ranges and cannot be read.
final class BareMemory: MemorySource {
    let kernel = DumpedKernel(
        uts: [], machine: 62, pageByteCount: 4096, vmcoreInfo: [], physicalBase: 0,
        processorCount: 1)
    let ranges: [MemoryRange]

    init(_ frames: [Range<UInt64>]) {
        ranges = frames.map {
            MemoryRange(
                physicalAddress: $0.lowerBound * 4096, byteCount: UInt64($0.count) * 4096,
                fileOffset: 0, virtualAddress: 0)
        }
    }

    func makeReader() throws(LiveDumpError) -> any MemoryReader {
        throw LiveDumpError(.noKernelCore, "there is nothing to read")
    }
}

/// A small kernel's memory with page tables, threads and modules, as /proc/kcore shows it.
///
/// Memory: 1 MiB from 1 MiB on, and 256 KiB from 4 MiB on, directly mapped from 0xffff8880…0 on.
/// The image is linked for 16 MiB and lies at 1.5 MiB, so that the physical base is "negative".
final class SyntheticKernel {
    static let direct: UInt64 = 0xFFFF_8880_0000_0000
    static let image: UInt64 = 0xFFFF_FFFF_8100_0000
    static let imagePhysical: UInt64 = 0x18_0000
    static let vmalloc: UInt64 = 0xFFFF_C900_0000_0000
    static let pageMap: UInt64 = 0xFFFF_EA00_0000_0000
    static let module: UInt64 = 0xFFFF_FFFF_C000_0000
    static let ranges: [(start: UInt64, count: UInt64)] = [
        (0x10_0000, 0x10_0000), (0x40_0000, 0x4_0000),
    ]

    var memory = [UInt8](repeating: 0, count: 0x44_0000)
    var pool: UInt64 = 0x19_0000
    var info = """
        OSRELEASE=6.1.0
        PAGESIZE=4096
        SYMBOL(swapper_pg_dir)=ffffffff81008000
        SYMBOL(_stext)=ffffffff81000000
        SIZE(page)=64
        NUMBER(phys_base)=-15204352
        NUMBER(pgtable_l5_enabled)=0
        KERNELOFFSET=0
        NUMBER(KERNEL_IMAGE_SIZE)=1073741824
        NUMBER(sme_mask)=0

        """

    func set(_ value: UInt64, at address: UInt64) {
        for (index, byte) in value.littleEndianBytes.enumerated() {
            memory[Int(address) + index] = byte
        }
    }

    func get(_ address: UInt64) -> UInt64 {
        (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(memory[Int(address) + $1]) }
    }

    /// Maps one page, with the tables that it takes; these come from 0x190000 on.
    func map(_ address: UInt64, to physical: UInt64) {
        var table = Self.imagePhysical + 0x8000
        for shift in [39, 30, 21] as [UInt64] {
            let entry = table + (address >> shift & 511) * 8
            if get(entry) == 0 {
                set(pool | 0x63, at: entry)
                pool += 4096
            }
            table = get(entry) & 0xF_FFFF_FFFF_F000
        }
        set(physical | 0x63, at: table + (address >> 12 & 511) * 8)
    }

    /// The file, with RAM from 0x10000 on.
    func file(phnum: Int? = nil, physical: Bool = true, hasPageMap: Bool = false) -> [UInt8] {
        let note =
            ELFNote(name: "CORE", type: 4, descriptor: taskContent).encoded
            + ELFNote(name: "VMCOREINFO", type: 0, descriptor: Array(info.utf8)).encoded
        var headers = [
            ELFProgramHeader(
                kind: .note, fileOffset: 0x1000, fileByteCount: UInt64(note.count),
                memoryByteCount: 0)
        ]
        func load(_ address: UInt64, _ physicalAddress: UInt64, _ offset: UInt64, _ count: UInt64) {
            headers.append(
                ELFProgramHeader(
                    kind: .load, flags: 7, fileOffset: offset, virtualAddress: address,
                    physicalAddress: physical ? physicalAddress : 0, fileByteCount: count,
                    memoryByteCount: count))
        }
        load(Self.image, Self.imagePhysical, 0x10000 + 0x8_0000, 0x1_0000)
        load(Self.vmalloc, .max, 1 << 40, 1 << 40)
        // The map of pages: 64 bytes for each page of a range.
        for range in hasPageMap ? Self.ranges : [] {
            load(Self.pageMap + range.start / 64, .max, 1 << 41, range.count / 64)
        }
        var offset: UInt64 = 0x10000
        for range in Self.ranges {
            load(Self.direct + range.start, range.start, offset, range.count)
            offset += range.count
        }
        var bytes =
            ELFHeader(
                machine: 62, sectionHeaderOffset: phnum == nil ? 0 : 0x800,
                programHeaderCount: phnum == nil ? UInt16(headers.count) : 0xFFFF
            ).encoded + headers.flatMap(\.encoded)
        bytes.append(contentsOf: repeatElement(0, count: 0x1000 - bytes.count))
        if let phnum { bytes[0x800 + 44] = UInt8(phnum) }
        bytes += note
        bytes.append(contentsOf: repeatElement(0, count: 0x10000 - bytes.count))
        for range in Self.ranges {
            bytes += memory[Int(range.start)..<Int(range.start + range.count)]
        }
        return bytes
    }

    /// What the note of the thread that reads the file holds.
    var taskContent = [UInt8]()

    static let iomem = """
        00000000-000fffff : Reserved
        00100000-001fffff : System RAM
          00180000-0018ffff : Kernel code
        00400000-0043ffff : System RAM
        00500000-005fffff : PCI Bus 0000:00

        """
}
