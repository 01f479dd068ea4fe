import DiagFormats
import Testing

@testable import DiagLiveDump

@Suite("Page tables of AArch64")
struct PageTableGeometryTests {
    /// The geometry of a kernel made for 52 bits, unless `physicalBits` says otherwise.
    private func geometry(
        pageByteCount: Int, sizeBits: String?, physicalBits: Int = 52
    ) throws -> PageTableGeometry {
        var text = """
            SYMBOL(swapper_pg_dir)=ffff800081000000
            NUMBER(kimage_voffset)=0xffff800040000000
            NUMBER(VA_BITS)=52
            NUMBER(MAX_PHYSMEM_BITS)=\(physicalBits)

            """
        if let sizeBits { text += "NUMBER(TCR_EL1_T1SZ)=\(sizeBits)\n" }
        let bytes = Array(text.utf8)
        let kernel = DumpedKernel(
            uts: [], machine: 183, pageByteCount: pageByteCount, vmcoreInfo: bytes,
            physicalBase: 0, processorCount: 1)
        let info = VMCoreInfo(parsing: bytes.span)
        let geometry = try #require(PageTableGeometry(kernel, info))
        #expect(geometry.root == 0x4100_0000)
        return geometry
    }

    /// Valid, a page or table, accessed, and inner shareable.
    private let attributes: UInt64 = 0x703

    @Test("Without LPA2 the bits that say how a page is shared are no part of its address")
    func withoutLPA2() throws {
        let small = try geometry(pageByteCount: 4096, sizeBits: "0x10")
        #expect(small.shifts == [39, 30, 21, 12])
        #expect(small.entry(0x4812_3000 | attributes, level: 3) == .memory(0x4812_3000))
        #expect(small.entry(0x4820_0000 | 0x701, level: 2) == .memory(0x4820_0000))
        #expect(small.entry(0x4812_4003, level: 0) == .table(0x4812_4000))

        let medium = try geometry(pageByteCount: 16_384, sizeBits: "0x11")
        #expect(medium.shifts == [36, 25, 14])
        #expect(medium.entry(0x4812_4000 | attributes, level: 2) == .memory(0x4812_4000))

        // A kernel that does not tell T1SZ is older than LPA2 with such pages.
        let old = try geometry(pageByteCount: 4096, sizeBits: nil)
        let last = old.shifts.count - 1
        #expect(old.entry(0x4812_3000 | attributes, level: last) == .memory(0x4812_3000))
    }

    @Test("With LPA2 they are the highest bits of the address")
    func withLPA2() throws {
        let small = try geometry(pageByteCount: 4096, sizeBits: "0xc")
        #expect(small.shifts == [48, 39, 30, 21, 12])
        #expect(
            small.entry(0x4812_3000 | 1 << 49 | 0x603, level: 4)
                == .memory(0x4812_3000 | 1 << 49 | 2 << 50))
        #expect(small.entry(0x4812_4103, level: 1) == .table(0x4812_4000 | 1 << 50))

        let medium = try geometry(pageByteCount: 16_384, sizeBits: "0xc")
        #expect(medium.shifts == [47, 36, 25, 14])
        #expect(
            medium.entry(0x4812_4000 | attributes, level: 3) == .memory(0x4812_4000 | 3 << 50))
    }

    @Test("With pages of 64 KiB the highest bits lie in bits 15 to 12", arguments: ["0xc", "0x10"])
    func large(sizeBits: String) throws {
        let wide = try geometry(pageByteCount: 65_536, sizeBits: sizeBits)
        #expect(wide.shifts == [42, 29, 16])
        #expect(
            wide.entry(0x4812_0000 | 5 << 12 | attributes, level: 2)
                == .memory(0x4812_0000 | 5 << 48))
        let narrow = try geometry(pageByteCount: 65_536, sizeBits: sizeBits, physicalBits: 48)
        #expect(
            narrow.entry(0x4812_0000 | 5 << 12 | attributes, level: 2) == .memory(0x4812_0000))
    }
}
