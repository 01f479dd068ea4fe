import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import DiagLiveDump

enum ProcessNumber { static let own = ProcessInfo.processInfo.processIdentifier }

@Suite("Writing kdump-compressed files")
struct KdumpWriterTests {
    /// Three ranges; two of three page frames are dumped, of mixed kinds.
    private let memory = InventedMemory(
        frames: [1..<158, 256..<1900, 4000..<4003], holes: [300, 301, 4001], zeros: [4, 5, 900])
    private func words() -> [UInt64: UInt64] {
        let kinds: [UInt64] = [1 << 7, 0, 1 << 26, 1 << 5, 1 << 12, 1 << 32]
        var words = [UInt64: UInt64]()
        for range in memory.ranges {
            for frame in (range.physicalAddress / 4096)..<(range.end / 4096)
            where frame % 16 < 11 { words[frame] = kinds[Int(frame / 16 % 6)] }
        }
        return words
    }
    private func options(
        _ compression: LiveDumpOptions.Compression = .zstd, threads: Int = 2
    ) -> DumpWriterOptions {
        var options = DumpWriterOptions(
            started: Timestamp(microsecondsSince1970: 1_700_000_000_000_042))
        options.compression = compression
        options.threadCount = threads
        return options
    }
    private func notes() -> DumpNotes {
        .live(
            kernel: memory.kernel, processors: memory.processorNotes, format: .kdump,
            mark: Array("{}".utf8))
    }

    @Test(
        "Every page reads back, whatever its compression and however many threads",
        arguments: LiveDumpOptions.Compression.allCases, [1, 3])
    func roundTrip(compression: LiveDumpOptions.Compression, threads: Int) throws {
        let place = DumpPlace("roundTrip\(compression)\(threads == 1 ? "a" : "b")")
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let words = words()
        let selection = try InventedSelection(memory, words: words)
        let control = DumpControl()
        let result = try DumpWriter.write(
            memory, selection, notes: notes(), options: options(compression, threads: threads),
            to: place.output(), control: control, describe: { _ in Array("{\"a\":1}".utf8) })
        let zeros = words.keys.filter { memory.zeros.contains($0) }.count
        let holes = words.keys.filter { memory.holes.contains($0) }.count
        #expect(result.isComplete)
        #expect(result.pagesWanted == words.count)
        #expect(result.pagesZero == zeros)
        #expect(result.pagesUnreadable == holes)
        #expect(result.pagesCopied == words.count - zeros - holes)
        #expect(result.torn?.replaced == 0)
        #expect(result.byteCount == Int64(try place.bytes().count))
        #expect(control.position.pages == words.count)

        let source = try place.source()
        #expect(!source.isIncomplete)
        #expect(source.dumpedCount == words.count)
        #expect(source.kernel.uts == memory.kernel.uts)
        #expect(source.kernel.vmcoreInfo == memory.kernel.vmcoreInfo)
        #expect(source.kernel.physicalBase == memory.kernel.physicalBase)
        #expect(source.header.dumpLevel == 30)
        #expect(source.header.timeMicroseconds == 1_700_000_000_000_042)
        #expect(
            source.ranges.map { [$0.physicalAddress, $0.byteCount] }
                == memory.ranges.map { [$0.physicalAddress, $0.byteCount] })
        #expect(
            source.kernel.notes.map(\.name)
                == ["CORE", "CORE", "SNAP", "VMCOREINFO", "DIAGBUNDLE"])
        let mark = source.kernel.notes.last
        #expect(mark?.type == 0x161)
        #expect(mark?.descriptor.prefix { $0 != 0x20 } == Array("{\"a\":1}".utf8)[...])
        let reader = try source.makeReader() as? KdumpReader
        let used = try #require(reader)
        for frame in UInt64(0)..<4003 {
            let expected =
                words[frame] == nil || memory.holes.contains(frame)
                ? nil : memory.page(frame)
            if readPage(used, frame) != expected {
                Issue.record("page frame \(frame) differs")
                break
            }
            if let word = words[frame] { #expect(used.descriptor(of: frame)?.pageFlags == word) }
        }
    }

    @Test("The bytes stand where readers look for them")
    func layout() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let words = words()
        _ = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(), options: options(),
            to: place.output(direct: false), control: DumpControl())
        let bytes = try place.bytes()
        func number(_ offset: Int, _ count: Int) -> UInt64 {
            bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        #expect(Array(bytes[..<8]) == Array("KDUMP   ".utf8))
        #expect(number(8, 4) == 6)
        #expect(Array(bytes[272..<278]) == Array("x86_64".utf8))
        #expect(number(424, 4) == 0x20)  // zstd, complete
        #expect(number(428, 4) == 4096)
        let sub = Int(number(432, 4))
        #expect(sub == 1)
        #expect(number(436, 4) == 2)  // two bitmaps of 4003 bits
        #expect(number(460, 4) == 2)
        #expect(number(4096, 8) == 0xFFFF_FFFF_F0A0_0000)
        #expect(number(4096 + 48, 8) == 4096 + 104)
        #expect(number(4096 + 96, 8) == 4003)
        let info = Int(number(4096 + 32, 8))
        #expect(
            Array(bytes[info..<(info + Int(number(4096 + 40, 8)))]) == memory.kernel.vmcoreInfo)
        // The mark of a live dump has a name of four bytes, and its descriptor right behind.
        let snap = 4096 + 104 + 2 * (12 + 8 + 336)
        #expect(number(snap, 4) == 4)
        #expect(number(snap + 4, 4) == 24)
        #expect(number(snap + 8, 4) == 4)
        #expect(Array(bytes[(snap + 12)..<(snap + 16)]) == Array("SNAP".utf8))
        #expect(number(snap + 16, 8) == 0)
        // pr_pid and the first register of both processors.
        #expect(number(4200 + 20 + 32, 4) == 1)
        #expect(number(4200 + 20 + 112, 8) == 0x0707_0707_0707_0707)
        #expect(number(4200 + 356 + 20 + 32, 4) == 2)
        let bitmaps = (1 + sub) * 4096
        #expect(bytes[bitmaps] == 0xFE)
        #expect(bytes[bitmaps + 4096] == 0xFE)
        #expect(bytes[bitmaps + 4096 + 1] == 0x07)
        let table = bitmaps + 2 * 4096
        let zeroPage = (table + words.count * 24 + 4095) / 4096 * 4096
        // Page frames 4 and 5 are zeros, the fourth and fifth of the dump.
        #expect(number(table + 3 * 24, 8) == UInt64(zeroPage))
        #expect(number(table + 3 * 24 + 8, 8) == 4096)
        #expect(bytes[zeroPage..<(zeroPage + 4096)].allSatisfy { $0 == 0 })
        #expect(bytes.count % 4096 == 0)
    }

    @Test("What changes is read again until it settles, and the file has the newest")
    func reread() throws {
        var more = options()
        more.rereadRoundCount = 3
        let memory = InventedMemory(frames: [0..<600], changing: [10: 1, 599: 1])
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<600 { words[frame] = 0 }
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(), options: more,
            to: place.output(), control: DumpControl())
        #expect(result.torn?.rounds == 2)
        #expect(result.torn?.replaced == 2)
        #expect(result.torn?.remaining == 0)
        #expect(result.torn?.changed == 0)
        #expect(result.isComplete)
        let reader = try place.source().makeReader()
        for frame in [UInt64(9), 10, 11, 598, 599] {
            #expect(readPage(reader, frame) == memory.page(frame))
        }
    }

    @Test("What was replaced is read once more: what has changed again by then may be torn")
    func replaced() throws {
        let memory = InventedMemory(frames: [0..<600], changing: [10: 1, 20: 5, 599: 5])
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<600 { words[frame] = 0 }
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(), options: options(),
            to: place.output(), control: DumpControl())
        #expect(result.torn?.rounds == 1)
        #expect(result.torn?.replaced == 3)
        #expect(result.torn?.remaining == 2)
        let reader = try place.source().makeReader()
        #expect(readPage(reader, 20) == memory.bytes(20, version: 1))
    }

    @Test("What the kernel only reads is not read again, and the sample counts it all the same")
    func readOnlyImage() throws {
        // Without a random choice yet, the sample of one thread begins with the 51st page.
        let memory = InventedMemory(
            frames: [0..<600], changing: [50: 5, 150: 1], image: 0..<(200 * 4096),
            readOnly: [0..<(100 * 4096)])
        let place = DumpPlace("readOnlyImage")
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<600 { words[frame] = 0 }
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(),
            options: options(threads: 1), to: place.output(), control: DumpControl())
        #expect(result.isComplete)
        #expect(result.torn?.replaced == 1)
        #expect(result.torn?.changed == 1)
        #expect(memory.reads.withLock { $0[50] } == 2)
        #expect(result.windows.map(\.pages) == ["all", "kernelText", "kernelImage", "kernel"])
        let reader = try place.source().makeReader()
        #expect(readPage(reader, 50) == memory.bytes(50, version: 0))
        #expect(readPage(reader, 150) == memory.bytes(150, version: 1))
    }

    @Test("The steps of a copy follow one another", arguments: LiveDumpOptions.Format.allCases)
    func steps(format: LiveDumpOptions.Format) throws {
        let place = DumpPlace("steps\(format)")
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let control = DumpControl()
        var options = options()
        options.format = format
        let notes = DumpNotes.live(
            kernel: memory.kernel, processors: memory.processorNotes, format: format,
            mark: Array("{}".utf8))
        _ = try DumpWriter.write(
            memory, InventedSelection(memory, words: words()), notes: notes, options: options,
            to: place.output(), control: control)
        let tables = format == .kdump ? ["tables"] : []
        #expect(
            control.clock.steps.map(\.name)
                == ["setUp", "copy", "reread", "sample"] + tables + ["sync"])
    }

    /// A dump of 3,000 pages that runs short of memory when the memory is read for the `read`th
    /// time.
    private func writeStopped(
        at read: Int, _ options: DumpWriterOptions, to place: DumpPlace
    ) throws -> (memory: InventedMemory, result: DumpResult) {
        let control = DumpControl()
        let reads = Atomic<Int>(0)
        let memory = InventedMemory(frames: [0..<3000]) {
            if reads.add(1, ordering: .relaxed).newValue == read {
                control.stop(.init(cause: .memoryPressure, message: "memory is short"))
            }
        }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<3000 { words[frame] = 0 }
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(), options: options,
            to: place.output(), control: control)
        #expect(control.isStopped)
        return (memory, result)
    }

    @Test("A stop in the middle leaves a file that opens and says that it is incomplete")
    func stopped() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let (memory, result) = try writeStopped(at: 8, options(), to: place)
        #expect(!result.isComplete)
        #expect(result.obstacle?.cause == .memoryPressure)
        try expectPartial(place, memory, result, frames: 3000)
    }

    @Test("A stop while pages are read again takes nothing away: the dump is complete")
    func stoppedLate() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        // 3,000 pages are twelve chunks; the next read is the first of those read again.
        let (memory, result) = try writeStopped(at: 13, options(threads: 1), to: place)
        #expect(result.isComplete)
        #expect(result.obstacle == nil)
        #expect(
            result.warnings
                == [
                    "not all pages that had changed or were new were read, or counted: "
                        + "memory is short"
                ])
        #expect(result.torn == nil, "nobody looked what changed again")
        let source = try place.source()
        #expect(!source.isIncomplete)
        let reader = try source.makeReader()
        for frame in UInt64(0)..<3000 where readPage(reader, frame) != memory.page(frame) {
            Issue.record("page frame \(frame) differs")
        }
    }

    @Test("What changes is read again once as a whole by default")
    func rereadOnce() throws {
        let reads = Atomic<Int>(0)
        let memory = InventedMemory(frames: [0..<3000], changing: [10: 2]) {
            reads.add(1, ordering: .relaxed)
        }
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<3000 { words[frame] = 0 }
        var options = options(threads: 1)
        options.countsTornPages = false
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(), options: options,
            to: place.output(), control: DumpControl())
        #expect(result.torn?.rounds == 1)
        #expect(result.torn?.replaced == 1)
        #expect(result.torn?.remaining == 0, "nobody looked")
        #expect(reads.load(ordering: .relaxed) == 12 + 12)
        #expect(result.isComplete)
        #expect(readPage(try place.source().makeReader(), 10) == memory.bytes(10, version: 1))
    }

    @Test("A file that may not grow further opens with the pages that it has")
    func sizeLimit() throws {
        let memory = InventedMemory(frames: [0..<3000])
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<3000 { words[frame] = 0 }
        var options = options(.none, threads: 1)
        options.maxByteCount = 6 << 20
        let result = try DumpWriter.write(
            memory, InventedSelection(memory, words: words), notes: notes(), options: options,
            to: place.output(), control: DumpControl())
        #expect(result.obstacle?.cause == .noSpace)
        #expect(result.byteCount <= 6 << 20)
        try expectPartial(place, memory, result, frames: 3000)
    }

    @Test("Where not even the tables have room there is an error, and no file that opens")
    func noRoomForTables() throws {
        let memory = InventedMemory(frames: [0..<3000])
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        var words = [UInt64: UInt64]()
        for frame in UInt64(0)..<3000 { words[frame] = 0 }
        var options = options()
        options.maxByteCount = 4096
        #expect(throws: LiveDumpError.self) {
            try DumpWriter.write(
                memory, InventedSelection(memory, words: words), notes: notes(),
                options: options, to: place.output(), control: DumpControl())
        }
    }

    private func expectPartial(
        _ place: DumpPlace, _ memory: InventedMemory, _ result: DumpResult, frames: UInt64
    ) throws {
        let source = try place.source()
        #expect(source.isIncomplete)
        let reader = try source.makeReader()
        var there = 0
        for frame in 0..<frames {
            guard let page = readPage(reader, frame) else { continue }
            there += 1
            if page != memory.page(frame) {
                Issue.record("page frame \(frame) differs")
                break
            }
        }
        #expect(there > 0)
        #expect(there < Int(frames))
        #expect(there <= result.pagesCopied + result.pagesZero)
    }

    @Test("The memory that is taken stays within what was told")
    func budget() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let words = words()
        let selection = try InventedSelection(memory, words: words)
        var options = options()
        options.locksMemory = true
        let result = try DumpWriter.write(
            memory, selection, notes: notes(), options: options, to: place.output(),
            control: DumpControl())
        let told = DumpWriter.memoryBudget(
            pageCount: words.count, pageByteCount: 4096, options: options)
        let own = [selection.present.memory, selection.dumped.memory, selection.flagWords.memory]
            .reduce(0) { $0 + Int64($1.byteCount) }
        #expect(result.memoryBudget <= told + own)
        #expect(result.memoryBudget > 2 * (3 << 20) + own)
        #expect(result.isMemoryLocked == (result.lockWarning == nil))
    }

    @Test(
        "A front that cannot be written is an error", arguments: LiveDumpOptions.Format.allCases)
    func failedStart(format: LiveDumpOptions.Format) throws {
        let place = DumpPlace("failedStart\(format)")
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: place.path))
        var options = options()
        options.format = format
        let readOnly = DumpOutput(
            try OwnedDescriptor.open(FilePath(place.path), .readOnly), name: "x")
        #expect(throws: LiveDumpError.self) {
            try DumpWriter.write(
                memory, InventedSelection(memory, words: words()), notes: notes(),
                options: options, to: readOnly, control: DumpControl())
        }
        let full = DumpOutput(try OwnedDescriptor.open("/dev/full", .readWrite), name: "full")
        #expect(throws: LiveDumpError.self) {
            try DumpWriter.write(
                memory, InventedSelection(memory, words: words()), notes: notes(),
                options: options, to: full, control: DumpControl())
        }
    }

    @Test("A table that cannot be written at the end leaves a file of its size that says so")
    func failedEnd() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let selection = try InventedSelection(memory, words: words())
        let front = KdumpFront(
            kernel: memory.kernel, selection: selection, notes: notes(), compression: .zstd,
            started: options().started)
        let output = try place.output()
        try front.write(to: output)
        // Only the table is written to a file that cannot be written to.
        let readOnly = DumpOutput(
            try OwnedDescriptor.open(FilePath(place.path), .readOnly), name: "table")
        let control = DumpControl()
        let sink = try KdumpSink(
            front: front, selection: selection, compression: .zstd, maxByteCount: nil,
            chunkPageCount: 256, output: readOnly, control: control)
        sink.table.set(
            0, offset: front.zeroPageOffset, byteCount: 4096, flags: 0, pageFlags: 0)
        try? sink.table.changed(0...0, dataByteCount: 0)
        let byteCount = front.dataOffset + 4096
        sink.hasWritten(to: byteCount)
        // Behind what was written lies room that nobody needs.
        try output.setByteCount(byteCount + 8192)
        var result = DumpResult()
        result.isComplete = true
        DumpWriter.end(
            sink, nil, selection, [], output, control,
            { $0.isComplete ? nil : Array("{\"a\":1}".utf8) }, &result)
        #expect(!result.isComplete)
        #expect(result.obstacle?.cause == .inputOutput)
        #expect(result.obstacle?.message.hasPrefix("write table: ") == true)
        #expect(result.byteCount == Int64(byteCount))
        #expect(try place.bytes().count == Int(byteCount))
        let source = try place.source()
        #expect(source.isIncomplete)
        #expect(
            source.kernel.notes.last?.descriptor.prefix { $0 != 0x20 }
                == Array("{\"a\":1}".utf8)[...])
    }

    @Test("The front opens after each of its writes")
    func frontFirst() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let front = KdumpFront(
            kernel: memory.kernel, selection: try InventedSelection(memory, words: words()),
            notes: notes(), compression: .zstd, started: .now)
        let output = try place.output()
        try output.setByteCount(front.dataOffset)
        try front.writeHeader(to: output)
        try front.writeNotes(nil, to: output)
        let early = try place.source()
        #expect(early.isIncomplete)
        #expect(early.dumpedCount == 0)
        try front.write(to: output)
        #expect(try place.source().dumpedCount == words().count)
        #expect(try place.bytes().count == Int(front.dataOffset))
    }

    @Test("A part of the table that could not be written is written with the next")
    func tableAgain() throws {
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        try Data().write(to: URL(fileURLWithPath: place.path))
        let output = DumpOutput(
            try OwnedDescriptor.open(FilePath(place.path), .readOnly), name: "table")
        let table = try KdumpTable(
            count: 100, lateCount: 0, fileOffset: 0, blockByteCount: 4096, output: output)
        table.set(3, offset: 7, byteCount: 9, flags: 0, pageFlags: 0)
        try table.changed(3...3, dataByteCount: 0)
        for _ in 0..<2 { #expect(throws: DumpOutputError.self) { try table.flush() } }
    }
}
