import DiagFormats
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("The memory in an ELF core file")
struct ELFCoreSourceTests {
    /// A core of two pages of memory at 1 MiB, whose first LOAD is `load`.
    private func source(
        _ load: ELFProgramHeader, machine: UInt16 = 62, info: String = "", name: String = #function
    ) throws -> ELFCoreSource {
        let place = DumpPlace("elfCore" + name)
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let notes = ELFNote(
            name: "VMCOREINFO", type: 0, descriptor: Array("PAGESIZE=4096\n\(info)".utf8)
        ).encoded
        let headers = ELFHeader.byteCount + 3 * ELFProgramHeader.byteCount
        var bytes = ELFHeader(machine: machine, programHeaderCount: 3).encoded
        bytes +=
            ELFProgramHeader(
                kind: .note, fileOffset: UInt64(headers), fileByteCount: UInt64(notes.count),
                memoryByteCount: 0
            ).encoded
        bytes += load.encoded
        bytes +=
            ELFProgramHeader(
                kind: .load, fileOffset: 4096, virtualAddress: 0xFFFF_8880_0010_0000,
                physicalAddress: 1 << 20, fileByteCount: 8192, memoryByteCount: 8192
            ).encoded
        bytes += notes
        bytes += [UInt8](repeating: 0, count: 4096 - bytes.count)
        bytes += [UInt8](repeating: 1, count: 4096) + [UInt8](repeating: 2, count: 4096)
        try Data(bytes).write(to: URL(fileURLWithPath: place.path))
        return try ELFCoreSource(path: FilePath(place.path))
    }

    private func load(
        _ virtualAddress: UInt64, _ physicalAddress: UInt64, byteCount: UInt64 = 0
    ) -> ELFProgramHeader {
        ELFProgramHeader(
            kind: .load, fileOffset: 4096, virtualAddress: virtualAddress,
            physicalAddress: physicalAddress, fileByteCount: byteCount, memoryByteCount: byteCount)
    }

    @Test("A LOAD that holds nothing is no memory, and tells the physical base of an image")
    func empty() throws {
        let base: UInt64 = 0xFFFF_FFFF_F0A0_0000
        let source = try source(load(0xFFFF_FFFF_8000_0000, base))
        #expect(
            source.ranges == [
                MemoryRange(
                    physicalAddress: 1 << 20, byteCount: 8192, fileOffset: 4096,
                    virtualAddress: 0xFFFF_8880_0010_0000)
            ])
        #expect(!source.isCut)
        #expect(source.kernel.physicalBase == base)
        #expect(source.kernel.image == nil)
        #expect(readPage(source.makeReader(), 257) == [UInt8](repeating: 2, count: 4096))
    }

    @Test("VMCOREINFO knows the physical base better, and memory elsewhere tells none")
    func base() throws {
        let image: UInt64 = 0xFFFF_FFFF_8000_0000
        let told = "NUMBER(phys_base)=16777216\n"
        #expect(try source(load(image, 1 << 21), info: told).kernel.physicalBase == 1 << 24)
        #expect(try source(load(image + 4096, 1 << 21)).kernel.physicalBase == (1 << 21) - 4096)
        #expect(try source(load(0xFFFF_8880_0000_0000, 1 << 21)).kernel.physicalBase == 0)
        #expect(try source(load(image, 1 << 21), machine: 183).kernel.physicalBase == 0)
    }

    @Test("Memory that lies beyond all page frames is refused, when there is any")
    func range() throws {
        let address: UInt64 = 0xFFFF_FFFF_F0A0_0000
        let error = #expect(throws: LiveDumpError.self) {
            try source(load(0, address, byteCount: 4096))
        }
        #expect(error?.obstacle.message.contains("memory at 0xfffffffff0a00000") == true)
        for address in [address, UInt64.max - 4096, 1 << 63] {
            #expect(try source(load(0, address)).ranges.count == 1)
        }
    }
}
