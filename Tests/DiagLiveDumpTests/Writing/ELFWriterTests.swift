import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("Writing ELF core files")
struct ELFWriterTests {
    /// A dump of some of the pages of a memory.
    private func write(
        _ memory: InventedMemory, _ words: [UInt64: UInt64], maxByteCount: Int64? = nil,
        threads: Int = 1, rounds: Int = 1, to place: DumpPlace
    ) throws -> DumpResult {
        var options = DumpWriterOptions(
            started: Timestamp(microsecondsSince1970: 1_700_000_000_000_042))
        options.threadCount = threads
        options.format = .elf
        options.maxByteCount = maxByteCount
        options.rereadRoundCount = rounds
        return try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(memory),
            options: options, to: place.output(), control: DumpControl())
    }

    private func notes(_ memory: InventedMemory) -> DumpNotes {
        .live(
            kernel: memory.kernel, processors: memory.processorNotes, format: .elf,
            mark: Array("{}".utf8))
    }

    @Test("An ELF file has every page at its address, and holes for the rest")
    func elfAddresses() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let memory = InventedMemory(
            frames: [1..<158, 256..<1900, 4000..<4003], holes: [300, 301, 4001],
            zeros: [4, 5, 900])
        let kinds: [UInt64] = [1 << 7, 0, 1 << 26]
        var words = [UInt64: UInt64]()
        for range in memory.ranges {
            for frame in (range.physicalAddress / 4096)..<(range.end / 4096)
            where frame % 16 < 11 { words[frame] = kinds[Int(frame / 16 % 3)] }
        }
        let result = try write(memory, words, threads: 2, to: place)
        #expect(result.isComplete)
        #expect(result.bytesWritten < result.byteCount)
        let source = try ELFCoreSource(path: FilePath(place.path))
        #expect(
            source.ranges.map { [$0.physicalAddress, $0.byteCount, $0.virtualAddress] }
                == memory.ranges.map { [$0.physicalAddress, $0.byteCount, $0.virtualAddress] })
        #expect(source.kernel.processorCount == 2)
        #expect(source.kernel.vmcoreInfo == memory.kernel.vmcoreInfo)
        let reader = source.makeReader()
        let empty = [UInt8](repeating: 0, count: 4096)
        for range in memory.ranges {
            for frame in (range.physicalAddress / 4096)..<(range.end / 4096) {
                let isThere = words[frame] != nil && !memory.holes.contains(frame)
                if readPage(reader, frame) != (isThere ? memory.page(frame) : empty) {
                    Issue.record("page frame \(frame) differs")
                    return
                }
            }
        }
    }

    @Test("In an ELF file more changed pages than are held back take the places of the older ones")
    func elfReread() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        // 1,024 are held; a neighbour that does not change parts some of them.
        let changing = (UInt64(0)..<3000).filter { $0 % 7 != 3 }
        let memory = InventedMemory(
            frames: [0..<3000],
            changing: Dictionary(uniqueKeysWithValues: changing.map { ($0, 1) }))
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<3000 { words[frame] = 0 }
        let result = try write(memory, words, to: place)
        #expect(result.isComplete)
        #expect(result.torn?.replaced == changing.count)
        let reader = try ELFCoreSource(path: FilePath(place.path)).makeReader()
        for frame in UInt64(0)..<3000 where readPage(reader, frame) != memory.page(frame) {
            Issue.record("page frame \(frame) differs")
            return
        }
    }

    @Test("In an ELF file older bytes give their room to newer ones, and only holes need more")
    func elfLimit() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<3000 { words[frame] = 0 }
        // Ten pages become data; with room for nine of them the file ends before the tenth.
        let zeros = Set(stride(from: UInt64(100), to: 3000, by: 300))
        try #require(zeros.count == 10)
        for room in [10, 9] {
            let memory = InventedMemory(
                frames: [0..<3000],
                changing: Dictionary(uniqueKeysWithValues: words.keys.map { ($0, 1) }),
                zerosAtFirst: zeros)
            let front = ELFFront(memory, notes: notes(memory))
            let result = try write(
                memory, words,
                maxByteCount: Int64(front.dataOffset) + Int64(2990 + room) * 4096, to: place)
            #expect(result.isComplete)
            #expect(result.obstacle == nil)
            if room == 10 { #expect(result.torn?.replaced == 3000) }
            let ended =
                "not all pages that had changed or were new were read, or counted: "
                + "the dump reached the size that it may have"
            #expect(result.warnings == (room == 10 ? [String]() : [ended]))
            let reader = try ELFCoreSource(path: FilePath(place.path)).makeReader()
            var older = 0
            for frame in UInt64(0)..<3000 where readPage(reader, frame) != memory.page(frame) {
                older += 1
                #expect(readPage(reader, frame) == memory.bytes(frame, version: 0))
            }
            #expect((older == 0) == (room == 10))
        }
    }

    @Test("In an ELF file a page takes room once, however often it becomes zero and data again")
    func elfLimitOfRounds() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<600 { words[frame] = 0 }
        var changing = [UInt64: Int]()
        var zeroReads = [UInt64: Set<Int>]()
        for frame in UInt64(100)..<110 {
            // Zero, data, zero, data; and data, zero, data.
            changing[frame] = 3
            zeroReads[frame] = [0, 2]
            changing[frame + 100] = 2
            zeroReads[frame + 100] = [1]
        }
        // Ten pages need room beside those that have it from the first.
        for room in [10, 9] {
            let memory = InventedMemory(
                frames: [0..<600], changing: changing, zeroReads: zeroReads)
            let front = ELFFront(memory, notes: notes(memory))
            let result = try write(
                memory, words, maxByteCount: Int64(front.dataOffset) + Int64(590 + room) * 4096,
                rounds: 3, to: place)
            #expect(result.isComplete)
            #expect(result.obstacle == nil)
            #expect(result.warnings.isEmpty == (room == 10))
            guard room == 10 else { continue }
            #expect(result.torn?.rounds == 3)
            #expect(result.torn?.replaced == 50)
            #expect(result.torn?.remaining == 0)
            let reader = try ELFCoreSource(path: FilePath(place.path)).makeReader()
            for frame in UInt64(0)..<600 where readPage(reader, frame) != memory.page(frame) {
                Issue.record("page frame \(frame) differs")
                return
            }
        }
    }
}
