import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import DiagLiveDump

/// What the file has at the moment of a certain read of the memory: what would be left of it had
/// the process been killed just then.
@Suite("What is in the file at which moment")
struct CopyMomentsTests {
    private static func options(_ format: LiveDumpOptions.Format) -> DumpWriterOptions {
        var options = DumpWriterOptions(
            started: Timestamp(microsecondsSince1970: 1_700_000_000_000_042))
        options.threadCount = 1
        options.format = format
        return options
    }

    /// Dumps a memory whose frames have these words, and keeps the file's bytes as they are when
    /// it is read for the `moment`th time.
    private static func bytes(
        at moment: Int, words: [UInt64: UInt64], changing: [UInt64: Int] = [:],
        format: LiveDumpOptions.Format, name: String
    ) throws -> (memory: InventedMemory, atMoment: DumpPlace, atEnd: DumpPlace) {
        let place = DumpPlace(name)
        let kept = DumpPlace(name + "kept")
        let reads = Atomic<Int>(0)
        let memory = InventedMemory(
            frames: [0..<UInt64(words.count)], changing: changing
        ) {
            if reads.add(1, ordering: .relaxed).newValue == moment {
                try? Data((try? place.bytes()) ?? []).write(
                    to: URL(fileURLWithPath: kept.path))
            }
        }
        let notes = DumpNotes.live(
            kernel: memory.kernel, processors: memory.processorNotes, format: format,
            mark: Array("{}".utf8))
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes,
            options: options(format), to: place.output(), control: DumpControl())
        #expect(result.isComplete)
        return (memory, kept, place)
    }

    @Test("All of a phase is in the file, and in its table, before the next phase is read")
    func phases() throws {
        // 200 page tables are one piece, read at once; slabs are the next phase.
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<600 { words[frame] = frame < 200 ? 1 << 26 : 1 << 7 }
        let (memory, atMoment, atEnd) = try Self.bytes(
            at: 2, words: words, format: .kdump, name: "phases")
        defer {
            try? FileManager.default.removeItem(atPath: atMoment.path)
            try? FileManager.default.removeItem(atPath: atEnd.path)
        }
        let source = try atMoment.source()
        #expect(source.isIncomplete)
        let reader = try source.makeReader()
        for frame in UInt64(0)..<600 {
            #expect(readPage(reader, frame) == (frame < 200 ? memory.page(frame) : nil))
        }
    }

    @Test("In an ELF file what changed is replaced only when all was read again")
    func held() throws {
        var words = [UInt64: UInt64]()
        var changing = [UInt64: Int]()
        for frame in UInt64(0)..<600 { words[frame] = 1 << 7 }
        for frame in UInt64(0)..<600 where frame % 2 == 0 { changing[frame] = 1 }
        // Three chunks of 256 pages at most are read, and then again: the sixth read is the last.
        let (memory, atMoment, atEnd) = try Self.bytes(
            at: 6, words: words, changing: changing, format: .elf, name: "held")
        defer {
            try? FileManager.default.removeItem(atPath: atMoment.path)
            try? FileManager.default.removeItem(atPath: atEnd.path)
        }
        let before = try ELFCoreSource(path: FilePath(atMoment.path)).makeReader()
        let after = try ELFCoreSource(path: FilePath(atEnd.path)).makeReader()
        for frame in UInt64(0)..<600 {
            #expect(readPage(before, frame) == memory.bytes(frame, version: 0))
            #expect(readPage(after, frame) == memory.page(frame))
        }
    }

    @Test("Much that was written makes the table be written at once")
    func flush() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let table = try KdumpTable(
            count: 100, lateCount: 4, fileOffset: 0, blockByteCount: 4096,
            output: place.output())
        table.set(3, offset: 7, byteCount: 9, flags: 0, pageFlags: 0)
        try table.changed(3...3, dataByteCount: 64 << 20)
        #expect(try place.bytes()[72] == 7)
        // What is only in memory does not come into the file by itself.
        table.set(100, offset: 8, byteCount: 9, flags: 0, pageFlags: 0)
        try table.changed(100...100, dataByteCount: 64 << 20)
        try table.flush()
        #expect(try place.bytes()[2400] == 0)
    }
}
