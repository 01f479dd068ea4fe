import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

/// The bits are those of Linux 6.1 include/uapi/linux/kernel-page-flags.h.
@Suite("Pages that became the kernel's own after it was selected what is dumped")
struct LatePagesTests {
    private static let free: UInt64 = 1 << 10
    private static let slab: UInt64 = 1 << 7
    private static let table: UInt64 = 1 << 26
    private static let user: UInt64 = 1 << 12 | 1 << 5

    /// Free page frames that are slab, a page table or without a flag when it is looked again; of
    /// them 303 cannot be read, and 306 is all zero.
    private static let late: [UInt64: UInt64] = [
        2: slab, 3: slab, 64: 0, 157: table, 300: slab, 303: slab, 306: 0, 1899: table,
        4001: slab,
    ]
    private let memory = InventedMemory(
        frames: [1..<158, 256..<1900, 4000..<4003], holes: [303], zeros: [306, 1000])

    /// Words of all page frames: those of `late` are free before.
    private func words(isLater: Bool) -> [UInt64] {
        (UInt64(0)..<4003).map { frame in
            if let word = Self.late[frame] { return isLater ? word : Self.free }
            // What becomes a process's, or free, is not the kernel's.
            if frame == 700 { return isLater ? Self.user : Self.free }
            if frame == 710 { return isLater ? Self.free : Self.slab }
            return [Self.slab, Self.free, 0, Self.user, Self.table][Int(frame % 5)]
        }
    }

    /// The frames that the selection has.
    private var selected: Set<UInt64> {
        let words = words(isLater: false)
        return Set(
            memory.ranges.flatMap { ($0.physicalAddress / 4096)..<($0.end / 4096) }.filter {
                ![Self.free, Self.user].contains(words[Int($0)])
            })
    }

    private func select(_ host: SyntheticHost) throws -> LivePageSelection {
        try host.write(flags: words(isLater: false))
        let selection = try LivePageSelection(source: memory, tree: host.tree)
        #expect(selection.dumpedCount == selected.count)
        try host.write(flags: words(isLater: true))
        return selection
    }

    private func options(_ format: LiveDumpOptions.Format = .kdump) -> DumpWriterOptions {
        var options = DumpWriterOptions(
            started: Timestamp(microsecondsSince1970: 1_700_000_000_000_042))
        options.threadCount = 2
        options.format = format
        return options
    }

    private func notes() -> DumpNotes {
        .live(
            kernel: memory.kernel, processors: memory.processorNotes, format: .kdump,
            mark: Array("{}".utf8))
    }

    /// Whether the file has just these pages, each with its bytes and its word.
    private func has(_ frames: Set<UInt64>, _ place: DumpPlace) throws -> Bool {
        let source = try place.source()
        let reader = try #require(try source.makeReader() as? KdumpReader)
        guard source.dumpedCount == frames.count else { return false }
        let words = words(isLater: false)
        for frame in UInt64(0)..<4003 {
            let isThere = frames.contains(frame)
            let word = Self.late[frame] ?? words[Int(frame)]
            guard (source.index(of: frame) != nil) == isThere,
                !isThere || reader.descriptor(of: frame)?.pageFlags == word,
                readPage(reader, frame)
                    == (isThere && !memory.holes.contains(frame) ? memory.page(frame) : nil)
            else {
                Issue.record("page frame \(frame) differs")
                return false
            }
        }
        return true
    }

    @Test("They are in a kdump-compressed file with their bytes, and it is laid out as always")
    func kdump() throws {
        let host = try SyntheticHost()
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let selection = try select(host)
        let control = DumpControl()
        let result = try DumpWriter.write(
            memory, selection, notes: notes(), options: options(), to: place.output(),
            control: control,
            describe: { _ in
                // The file has its last size by then, and still says that it is incomplete.
                #expect((try? has(selected.union(Self.late.keys), place)) == true)
                #expect((try? place.source().isIncomplete) == true)
                return nil
            })
        #expect(result.isComplete)
        #expect(result.warnings == [])
        #expect(result.pagesLate == Self.late.count)
        #expect(result.lateByClass == [.slab: 5, .pageTable: 2, .kernel: 2])
        #expect(result.pagesWanted == selected.count + Self.late.count)
        #expect(result.pagesZero == 2)
        #expect(result.pagesUnreadable == 1)
        #expect(result.pagesCopied == result.pagesWanted - 3)
        #expect(control.position.pages == result.pagesWanted)
        #expect(control.position.totalPages == result.pagesWanted)
        #expect(result.windows.last?.pages == "late")
        #expect(try has(selected.union(Self.late.keys), place))
        let bytes = try place.bytes()
        #expect(Int64(bytes.count) == result.byteCount)
        let header = try KdumpHeader(parsing: bytes.span)
        #expect(header.subHeaderBlockCount == 1)
        #expect(!header.status.contains(.incomplete))
    }

    @Test("They are in an ELF file at their addresses")
    func elf() throws {
        let host = try SyntheticHost()
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let result = try DumpWriter.write(
            memory, try select(host), notes: notes(), options: options(.elf),
            to: place.output(), control: DumpControl())
        #expect(result.isComplete)
        #expect(result.pagesLate == Self.late.count)
        let reader = try ELFCoreSource(path: FilePath(place.path)).makeReader()
        let all = selected.union(Self.late.keys)
        let empty = [UInt8](repeating: 0, count: 4096)
        for range in memory.ranges {
            for frame in (range.physicalAddress / 4096)..<(range.end / 4096) {
                let isThere = all.contains(frame) && !memory.holes.contains(frame)
                #expect(readPage(reader, frame) == (isThere ? memory.page(frame) : empty))
            }
        }
    }

    @Test("Whatever ends the growth, at each of its steps the file has right pages")
    func steps() throws {
        let host = try SyntheticHost()
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let selection = try select(host)
        let output = try place.output()
        let front = KdumpFront(
            kernel: memory.kernel, selection: selection, notes: notes(), compression: .zstd,
            started: options().started, latePageRoom: selection.latePageRoom)
        let control = DumpControl()
        let sink = try KdumpSink(
            front: front, selection: selection, compression: .zstd, maxByteCount: nil,
            chunkPageCount: 256, output: output, control: control)
        let copy = try DumpCopy(
            source: memory, selection: selection, sink: sink, options: options(),
            control: control, tables: [])
        try front.write(to: output)
        let late = try #require(copy.run().late)
        try sink.flushTables()
        #expect(try has(selected, place))

        let growth = KdumpGrowth(
            front: front, sink: sink, selection: selection, late: late.pages,
            buffer: try #require(copy.scratch.first))
        let all = selected.union(Self.late.keys)
        let behind = try #require(growth.place)
        try growth.writeTables(at: behind.lowerBound, to: output)
        #expect(try has(selected, place))
        try growth.pointing(to: behind.lowerBound).writeHeader(to: output)
        #expect(try place.bytes().count == Int(behind.upperBound))
        #expect(try place.source().header.subHeaderBlockCount > 1)
        #expect(try has(all, place))
        #expect(try place.source().isIncomplete)

        // What is in front does not count while it is written.
        let garbage = [UInt8](
            repeating: 0xA5, count: Int(front.zeroPageOffset - front.header.bitmapOffset))
        try output.write(block: garbage, at: front.header.bitmapOffset)
        #expect(try has(all, place))

        try growth.writeTables(at: front.header.bitmapOffset, to: output)
        #expect(try has(all, place))
        try front.writeHeader(to: output)
        try output.setByteCount(sink.byteCount)
        #expect(try has(all, place))
        #expect(try place.source().header.subHeaderBlockCount == 1)
    }

    @Test("A page that nobody may read again costs the others nothing")
    func withoutFlags() throws {
        let host = try SyntheticHost()
        let place = DumpPlace()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let selection = try select(host)
        try FileManager.default.removeItem(
            atPath: host.path.appending("proc/kpageflags").string)
        let result = try DumpWriter.write(
            memory, selection, notes: notes(), options: options(), to: place.output(),
            control: DumpControl())
        #expect(result.isComplete)
        #expect(result.pagesLate == 0)
        #expect(result.warnings.count == 1)
        #expect(result.warnings.first?.contains("/proc/kpageflags") == true)
        #expect(try has(selected, place))
    }

    @Test("With more than there is room for, the first ones are taken and the others counted")
    func noRoom() throws {
        let host = try SyntheticHost()
        try host.write(flags: words(isLater: true))
        var rule = PageFlagScan.Rule { $0 == .slab }
        rule.unwanted = try select(host).dumped
        let scan = try PageFlagScan(
            tree: host.tree, frames: try memory.pageFrames(), limit: 4003, threadCount: 1,
            rule: rule)
        let late = LatePages(scan, limit: 4003, level: 26, atMost: 3)
        #expect(late.dumpedCount == 3)
        #expect(late.leftOutCount == 2)
        #expect((0..<4003).filter { late.dumped[$0] } == [2, 3, 300])
    }

    @Test("The memory that is set aside is what was told before")
    func budget() throws {
        for format in LiveDumpOptions.Format.allCases {
            let host = try SyntheticHost()
            let place = DumpPlace("budget\(format)")
            defer { try? FileManager.default.removeItem(atPath: place.path) }
            let selection = try select(host)
            let result = try DumpWriter.write(
                memory, selection, notes: notes(), options: options(format),
                to: place.output(), control: DumpControl())
            let told = DumpWriter.memoryBudget(
                pageCount: selection.dumpedCount, pageByteCount: 4096, options: options(format))
            let own = [
                selection.present.memory, selection.dumped.memory, selection.flagWords.memory,
            ].reduce(0) { $0 + Int64($1.byteCount) }
            #expect(result.memoryBudget <= told + own)
            // Most of it is the threads' own, which is known to the page.
            #expect(result.memoryBudget > (told + own) * 3 / 4)
        }
    }

    @Test("All memory is locked only when the tables of late pages are too")
    func lock() {
        var result = DumpResult()
        result.isMemoryLocked = true
        result.addLock((true, nil))
        #expect(result.isMemoryLocked)
        #expect(result.lockWarning == nil)
        result.addLock((false, "late"))
        #expect(!result.isMemoryLocked)
        #expect(result.lockWarning == "late")
        #expect(result.warnings == [])
        // What was not locked before stays so, and both are said.
        var other = DumpResult()
        other.lockWarning = "first"
        other.addLock((true, nil))
        #expect(!other.isMemoryLocked)
        other.addLock((false, "late"))
        #expect(!other.isMemoryLocked)
        #expect(other.lockWarning == "first")
        #expect(other.warnings == ["late"])
    }

    @Test("A set of bits gives the places of its ones and of another's")
    func bits() throws {
        let first = try MappedBitmap(count: 130)
        let second = try MappedBitmap(count: 130)
        for index in [0, 63, 64, 129] { first[index] = true }
        for index in [1, 64, 128] { second[index] = true }
        var found = [[Int]]()
        first.forEach(or: second) { found.append([$0, $1 ? 1 : 0]) }
        #expect(found == [[0, 0], [1, 1], [63, 0], [64, 0], [128, 1], [129, 0]])
        var own = [Int]()
        first.forEach { own.append($0) }
        #expect(own == [0, 63, 64, 129])
    }
}
