import Testing

@testable import DiagFormats

@Suite("The headers of kernel dumps")
struct KernelDumpHeaderTests {
    static let kdump = KdumpHeader(
        uts: ["Linux", "lab", "6.1.0-53-cloud-amd64", "#1 SMP", "x86_64", "(none)"],
        timeMicroseconds: 1_795_000_000_123_456, status: [.zstd, .incomplete],
        blockByteCount: 4096, subHeaderBlockCount: 2, bitmapBlockCount: 18,
        processorCount: 2, physicalBase: 0xFFFF_FFFF_F0A0_0000, dumpLevel: 26,
        vmcoreInfoOffset: 5000, vmcoreInfoByteCount: 3264, notesOffset: 4200,
        notesByteCount: 5000, pageFrameLimit: 262_144)

    @Test("A kdump header reads back as it was written")
    func kdumpRoundTrip() throws {
        let bytes = Self.kdump.encodedHeader + Self.kdump.encodedSubHeader
        #expect(try KdumpHeader(parsing: bytes.span) == Self.kdump)
        #expect(Array(bytes[..<8]) == Array("KDUMP   ".utf8))
        #expect(bytes[424] == 0x28)
        #expect(Self.kdump.bitmapOffset == 3 * 4096)
        #expect(Self.kdump.descriptorOffset == 21 * 4096)
    }

    @Test("A kdump header cut short, or damaged, is a value or an error, never a trap")
    func kdumpDamage() {
        let bytes = Self.kdump.encodedHeader + Self.kdump.encodedSubHeader
        for length in stride(from: 0, to: bytes.count, by: 1) {
            #expect(throws: FormatError.self) {
                try KdumpHeader(parsing: bytes.span.extracting(0..<length))
            }
        }
        for offset in Array(0..<480) + Array(4096..<bytes.count) {
            for value in [UInt8(0), 0x7F, 0xFF] {
                var damaged = bytes
                damaged[offset] = value
                _ = try? KdumpHeader(parsing: damaged.span)
            }
        }
    }

    @Test("An ELF header and a program header read back as they were written")
    func elfRoundTrip() throws {
        let header = ELFHeader(machine: 62, programHeaderCount: 3)
        #expect(try ELFHeader(parsing: header.encoded.span) == header)
        #expect(header.encoded.count == ELFHeader.byteCount)
        let load = ELFProgramHeader(
            kind: .load, flags: 7, fileOffset: 0x7FFF_8000_0003_000,
            virtualAddress: 0xFFFF_8880_0000_1000, physicalAddress: 0x1000,
            fileByteCount: 0x9E000, memoryByteCount: 0x9E000)
        #expect(try ELFProgramHeader(parsing: load.encoded.span) == load)
        for length in 0..<ELFHeader.byteCount {
            #expect(throws: FormatError.self) {
                try ELFHeader(parsing: header.encoded.span.extracting(0..<length))
            }
        }
    }

    @Test("Notes read back with their places, and SNAP keeps a name without NUL")
    func notes() throws {
        let snap = ELFNote(
            name: "SNAP", nameIsTerminated: false, type: 4,
            descriptor: [UInt8](repeating: 7, count: 24))
        let info = ELFNote(name: "VMCOREINFO", type: 0, descriptor: Array("OSRELEASE=6\n".utf8))
        let bytes = snap.encoded + info.encoded + [0, 0, 0, 0]
        #expect(bytes[0] == 4)
        let read = try ELFNote.parse(bytes.span)
        #expect(read.map(\.name) == ["SNAP", "VMCOREINFO"])
        #expect(read.map(\.nameIsTerminated) == [false, true])
        #expect(read.map(\.descriptor) == [snap.descriptor, info.descriptor])
        #expect(read.map(\.descriptorOffset) == [16, 40 + 12 + 12])
        for offset in 0..<bytes.count {
            for value in [UInt8(0), 0x7F, 0xFF] {
                var damaged = bytes
                damaged[offset] = value
                _ = try? ELFNote.parse(damaged.span)
            }
        }
    }

    @Test("VMCOREINFO gives symbols in hexadecimal and numbers with their sign")
    func vmcoreInfo() {
        let text = """
            OSRELEASE=6.1.0-53-cloud-amd64
            BUILD-ID=aabbcc
            PAGESIZE=4096
            SYMBOL(init_uts_ns)=ffffffff9761a8e0
            OFFSET(list_head.next)=0
            SIZE(page)=64
            NUMBER(phys_base)=-258998272
            NUMBER(sme_mask)=0
            NUMBER(VA_BITS)=0x30
            KERNELOFFSET=15800000
            broken line
            """
        let info = VMCoreInfo(parsing: Array(text.utf8).span)
        #expect(info.release == "6.1.0-53-cloud-amd64")
        #expect(info.pageByteCount == 4096)
        #expect(info.symbol("init_uts_ns") == 0xFFFF_FFFF_9761_A8E0)
        #expect(info.number("phys_base") == UInt64(bitPattern: -258_998_272))
        #expect(info.number("VA_BITS") == 48)
        #expect(info.kernelOffset == 0x1580_0000)
        #expect(info.offset("list_head.next") == 0)
        #expect(info.size("page") == 64)
        #expect(info.values.count == 10)
    }
}
