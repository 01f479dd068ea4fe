import DiagFormats
import Foundation

@testable import DiagLiveDump

/// The memory of an x86-64 machine with 512 page frames, whose kernel has a map of them in two
/// sections, as an ELF core file.
///
/// Page frames 128 to 255 and 300 to 399 are a process's. From 448 on there is one compound page,
/// whose first tail has the flag 8. The others are the kernel's. From 64 on no page is all zero.
struct SyntheticPageMap {
    static let frameCount = 512
    /// VMCOREINFO without what tells huge pages.
    static let lines = [
        "OSRELEASE=6.6.0", "PAGESIZE=4096", "SYMBOL(swapper_pg_dir)=ffffffff80001000",
        "NUMBER(phys_base)=0", "SYMBOL(mem_section)=ffff888000003000", "SIZE(mem_section)=16",
        "LENGTH(mem_section)=256", "OFFSET(mem_section.section_mem_map)=0",
        "NUMBER(MAX_PHYSMEM_BITS)=36", "NUMBER(SECTION_SIZE_BITS)=20", "SIZE(page)=64",
        "OFFSET(page.flags)=0", "OFFSET(page.compound_head)=8", "OFFSET(page.mapping)=24",
        "OFFSET(page.private)=40", "OFFSET(page._mapcount)=48", "NUMBER(PG_lru)=4",
        "NUMBER(PG_private)=13", "NUMBER(PG_head_mask)=65536",
        "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129",
    ]

    private static let direct: UInt64 = 0xFFFF_8880_0000_0000
    private static let map: UInt64 = direct + 0x1_0000

    /// The bytes of all page frames.
    private(set) var bytes = [UInt8](repeating: 0, count: frameCount * 4096)

    init() {
        // The page tables map the first GiB where the kernel has all memory.
        put(0x2003, at: 0x1000 + 273 * 8)
        put(0x83, at: 0x2000)
        put(Self.direct + 0x4000, at: 0x3000)
        for section in 0..<2 { setMap(Self.map, ofSection: section) }
        for frame in 0..<Self.frameCount {
            let page = 0x1_0000 + frame * 64
            put(0xFFFF_FFFF, at: page + 48)
            if 128..<256 ~= frame || 300..<400 ~= frame {
                put(1 << 4, at: page)
                put(1, at: page + 24)
            }
            if frame == 448 { put(1 << 16, at: page) }
            if frame > 448 { put(Self.map + 448 * 64 + 1, at: page + 8) }
            if frame == 449 { put(1 << 8, at: page) }
            if frame >= 64 { bytes[frame * 4096] = UInt8(frame & 0xFF | 1) }
        }
    }

    /// Says where the map of a section lies; `nil` for none.
    mutating func setMap(_ address: UInt64?, ofSection section: Int) {
        put(address.map { $0 | 3 } ?? 0, at: 0x4000 + section * 16)
    }

    /// Puts the map of the second section where the file has no memory.
    mutating func removePartOfMap() { setMap(Self.direct + 0x1000_0000, ofSection: 1) }

    /// Makes what tells the sections, all of it, read as zeros.
    mutating func clearSections() { put(0, at: 0x3000) }

    /// Makes the map of the second section read as zeros.
    mutating func clearPartOfMap() {
        for index in 0x1_4000..<0x1_8000 { bytes[index] = 0 }
    }

    /// The bytes of one page frame.
    func page(_ frame: Int) -> [UInt8] { Array(bytes[(frame * 4096)..<((frame + 1) * 4096)]) }

    /// Writes the file; `mark` is the text of a note of ours.
    func write(_ place: DumpPlace, _ more: [String] = [], mark: String? = nil) throws {
        let info = Array(((Self.lines + more).joined(separator: "\n") + "\n").utf8)
        var notes = ELFNote(name: "VMCOREINFO", type: 0, descriptor: info).encoded
        if let mark {
            notes +=
                ELFNote(
                    name: DumpNotes.markName, type: DumpNotes.markType,
                    descriptor: Array(mark.utf8)
                ).encoded
        }
        var file = ELFHeader(machine: 62, programHeaderCount: 2).encoded
        file +=
            ELFProgramHeader(
                kind: .note, fileOffset: 176, fileByteCount: UInt64(notes.count), memoryByteCount: 0
            ).encoded
        file +=
            ELFProgramHeader(
                kind: .load, fileOffset: UInt64(176 + notes.count), virtualAddress: Self.direct,
                physicalAddress: 0, fileByteCount: UInt64(bytes.count),
                memoryByteCount: UInt64(bytes.count)
            ).encoded
        try Data(file + notes + bytes).write(to: URL(fileURLWithPath: place.path))
    }

    private mutating func put(_ value: UInt64, at offset: Int) {
        DumpSamples.put(value, at: offset, in: &bytes)
    }
}
