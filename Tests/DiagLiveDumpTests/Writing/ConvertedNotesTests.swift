import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("What a dump written anew says of itself")
struct ConvertedNotesTests {
    private let memory = InventedMemory(frames: [0..<100], zeros: [3])
    /// Half of the page frames are a process's, the others slab.
    private let words = Dictionary(
        uniqueKeysWithValues: (UInt64(0)..<100).map { frame -> (UInt64, UInt64) in
            (frame, frame % 2 == 0 ? 1 << 7 : 1 << 12 | 1 << 5)
        })

    private final class Folder {
        let path: String
        init() throws {
            path = "/tmp/converted-\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func file(_ name: String) -> FilePath { FilePath(path).appending(name) }

        func output(_ name: String) throws -> DumpOutput {
            DumpOutput(
                try OwnedDescriptor.open(file(name), .readWrite, options: [.create, .truncate]),
                name: name)
        }
    }

    private var report: LiveDumpReport {
        var report = LiveDumpReport(
            kind: .full, outcome: .complete, originator: "tester",
            parameters: LiveSystemDumpCode.parameters(
                originator: "tester", kind: .full, level: 0),
            host: "host",
            kernel: .init(release: "6.1.0", version: "#1", machine: "x86_64"),
            started: Timestamp(microsecondsSince1970: 7_000_000),
            ended: Timestamp(microsecondsSince1970: 9_000_000), level: 0)
        report.pages = ["slab": 50, "user": 50, "kept.slab": 50, "kept.user": 50, "copied": 99]
        return report
    }

    /// A selection with all page frames, of level 0.
    private final class Whole: PageSelection {
        let base: InventedSelection
        var pageFrameLimit: UInt64 { base.pageFrameLimit }
        var present: MappedBitmap { base.present }
        var dumped: MappedBitmap { base.dumped }
        var dumpedCount: Int { base.dumpedCount }
        var flagWords: MappedWords { base.flagWords }
        var tally: PageTally { base.tally }
        let appliedLevel = 0
        init(_ base: InventedSelection) { self.base = base }
    }

    private func write(
        _ name: String, _ format: LiveDumpOptions.Format, in folder: Folder, isLive: Bool = true
    ) throws {
        var options = DumpWriterOptions(
            started: Timestamp(microsecondsSince1970: isLive ? 7_000_000 : 0))
        options.format = format
        options.threadCount = 1
        let notes =
            isLive
            ? DumpNotes.live(
                kernel: memory.kernel, processors: memory.processorNotes, format: format,
                mark: try JSONDocument.encode(report, layout: .line))
            : DumpNotes(
                memory.processorNotes + [
                    ELFNote(
                        name: "VMCOREINFO", type: 0, descriptor: memory.kernel.vmcoreInfo)
                ])
        let selection = Whole(try InventedSelection(memory, words: words))
        _ = try DumpWriter.write(
            memory, selection, notes: notes, options: options, to: folder.output(name),
            control: DumpControl())
    }

    @discardableResult
    private func convert(
        _ input: String, _ output: String, _ format: LiveDumpOptions.Format, level: Int = 0,
        in folder: Folder, control: DumpControl = DumpControl(), most: Int64? = nil
    ) throws -> DumpConversion.Outcome {
        var options = DumpConversion.Options(started: Timestamp(microsecondsSince1970: 0))
        options.level = level
        options.writing.format = format
        options.writing.threadCount = 1
        options.writing.maxByteCount = most
        return try DumpConversion.run(
            input: folder.file(input), output: folder.output(output), options: options,
            control: control)
    }

    private func notes(_ path: FilePath) throws -> [ELFNote] {
        let file = try DumpFile(path: path)
        if let kdump = try? KdumpSource(file) { return kdump.kernel.notes }
        return try ELFCoreSource(file).kernel.notes
    }

    @Test("Crash's mark of a live dump is the one of the output's format")
    func marks() throws {
        let folder = try Folder()
        var kernel = memory.kernel
        kernel.vmcoreInfo += Array("KERNELOFFSET=1c000000\n".utf8)
        let elf = DumpNotes.liveMark(kernel: kernel, format: .elf)
        let kdump = DumpNotes.liveMark(kernel: kernel, format: .kdump)
        #expect(elf.descriptor != kdump.descriptor)
        for (given, wanted, mark) in [
            (kdump, LiveDumpOptions.Format.elf, elf), (elf, .kdump, kdump),
        ] {
            kernel.notes = [
                given, ELFNote(name: "VMCOREINFO", type: 0, descriptor: kernel.vmcoreInfo),
            ]
            var options = DumpWriterOptions(started: Timestamp(microsecondsSince1970: 0))
            options.format = wanted
            let notes = ConvertedNotes(
                of: kernel, from: ("a", .elf), options: options, warnings: [])
            let selection = try InventedSelection(memory, words: words)
            #expect(notes.notes(selection).notes == [mark, kernel.notes[1]])
        }
        // The same through whole files: there and back.
        try write("a.kdump", .kdump, in: folder)
        try convert("a.kdump", "b.elf", .elf, in: folder)
        try convert("b.elf", "c.kdump", .kdump, in: folder)
        for name in ["a.kdump", "c.kdump"] {
            let mark = try notes(folder.file(name)).first { $0.name == "SNAP" }
            #expect(mark?.descriptor == [UInt8](repeating: 0, count: 24))
            #expect(mark?.nameIsTerminated == false)
        }
    }

    @Test(
        "A live dump that is filtered tells of its new level and pages",
        arguments: ["elf", "kdump"])
    func filtered(format: String) throws {
        let folder = try Folder()
        try write("a.kdump", .kdump, in: folder)
        let wanted = try #require(LiveDumpOptions.Format(rawValue: format))
        try convert("a.kdump", "b", wanted, level: 31, in: folder)
        let told = try DumpInspector.describe(folder.file("b"))
        // Pages of zeros are not left out: they share one page.
        #expect(told.level == 30)
        #expect(told.isLive == true)
        #expect(told.originator == "tester")
        #expect(told.completeness == .complete)
        #expect(told.shortcomings == [])
        #expect(told.pages.dumpedByClass == ["slab": 50])
        #expect(told.pages.presentByClass == ["slab": 50, "user": 50])
        #expect(told.pages.dumped == 50)
        #expect(told.time == Timestamp(microsecondsSince1970: 7_000_000))
        #expect(told.code?.parameters[2].value == "0x000000000000001e")
        #expect(told.warnings.contains("Converted from a.kdump, kdump-compressed."))
    }

    @Test("A dump that is not live tells of its level too, and is not called live")
    func foreign() throws {
        let folder = try Folder()
        try write("a.kdump", .kdump, in: folder, isLive: false)
        try convert("a.kdump", "b.elf", .elf, in: folder)
        let told = try DumpInspector.describe(folder.file("b.elf"))
        #expect(told.level == 0)
        #expect(told.isLive == nil)
        #expect(told.code == nil)
        #expect(told.completeness == .complete)
        #expect(told.pages.dumped == 100)
        #expect(told.time == nil)
        try convert("b.elf", "c.kdump", .kdump, in: folder)
        let again = try KdumpSource(path: folder.file("c.kdump"))
        #expect(again.header.timeMicroseconds == 0)
        #expect(try notes(folder.file("c.kdump")).count { $0.name == "DIAGBUNDLE" } == 1)
        #expect(try DumpInspector.describe(folder.file("c.kdump")).time == nil)
    }

    @Test("The place of the kernel's image follows from VMCOREINFO")
    func image() throws {
        struct Named: MemorySource {
            let kernel: DumpedKernel
            let ranges: [MemoryRange]
            func makeReader() throws(LiveDumpError) -> any MemoryReader {
                throw LiveDumpError(.inputOutput, "not read")
            }
        }
        func image(_ text: String) -> MemoryRange? {
            var kernel = memory.kernel
            kernel.vmcoreInfo = Array(text.utf8)
            kernel.physicalBase = UInt64(bitPattern: -71_303_168)
            kernel.image = nil
            let range = MemoryRange(
                physicalAddress: 0x10_0000, byteCount: 0x3FED_A000, fileOffset: 0x1000,
                virtualAddress: 0)
            return ImagedMemory(Named(kernel: kernel, ranges: [range])).kernel.image
        }
        let text = """
            NUMBER(phys_base)=-71303168
            SYMBOL(_stext)=ffffffffa5a00000
            SYMBOL(clear_seq)=ffffffffa7d16480
            SYMBOL(mem_section)=ff43c6353fb4f000

            """
        #expect(
            image(text)
                == MemoryRange(
                    physicalAddress: 0x2160_0000, byteCount: 0x231_7000, fileOffset: 0x2150_1000,
                    virtualAddress: 0xFFFF_FFFF_A5A0_0000))
        #expect(image("SYMBOL(_stext)=ffffffffa5a00000\n") == nil)
        #expect(image("NUMBER(phys_base)=0\nSYMBOL(_stext)=fffffffffeff0000\n") == nil)
        #expect(image("NUMBER(phys_base)=0\nSYMBOL(_stext)=1000\n") == nil)
    }

    @Test(
        "Without words beside the pages a level that was asked for is refused before it is written",
        arguments: [2, 4, 8, 16, 31])
    func noWords(level: Int) throws {
        let folder = try Folder()
        try write("a.elf", .elf, in: folder, isLive: false)
        let first = try convert("a.elf", "b.kdump", .kdump, level: 1, in: folder)
        #expect(first.lacks == [], "pages of zeros are no class")
        for name in ["a.elf", "b.kdump"] {
            let error = #expect(throws: LiveDumpError.self) {
                try convert(name, "c.kdump", .kdump, level: level, in: folder)
            }
            #expect(error?.obstacle.cause == .unsupported)
            #expect(error?.obstacle.message.contains("filter \(folder.file(name))") == true)
            #expect(error?.obstacle.message.contains("struct page") == true)
            #expect(error?.obstacle.remedy?.contains("--level 0") == true)
            let byteCount = try OwnedDescriptor.open(folder.file("c.kdump"), .readOnly).status()
                .byteCount
            #expect(byteCount == 0)
        }
    }

    @Test("The dump's own time goes into a file that had no place for it")
    func time() throws {
        let folder = try Folder()
        try write("a.elf", .elf, in: folder)
        try convert("a.elf", "b.kdump", .kdump, in: folder)
        #expect(
            try KdumpSource(path: folder.file("b.kdump")).header.timeMicroseconds == 7_000_000)
        var kernel = memory.kernel
        #expect(ConvertedNotes.time(of: kernel) == nil)
        kernel.vmcoreInfo += Array("CRASHTIME=12\n".utf8)
        #expect(ConvertedNotes.time(of: kernel) == Timestamp(microsecondsSince1970: 12_000_000))
    }

    @Test("A file that could not be finished is partial", arguments: ["elf", "kdump"])
    func unfinished(format: String) throws {
        let folder = try Folder()
        try write("a.kdump", .kdump, in: folder)
        let wanted = try #require(LiveDumpOptions.Format(rawValue: format))
        let outcome = try convert("a.kdump", "b", wanted, in: folder, most: 100_000)
        #expect(outcome.result.obstacle?.cause == .noSpace)
        let told = try DumpInspector.describe(folder.file("b"))
        #expect(told.completeness == .partial)
        #expect(
            told.shortcomings.contains(
                "The dump ended as partial: the dump reached the size that it may have"))
        // As it is when the program is killed before its end.
        let notes = ConvertedNotes(
            of: memory.kernel, from: ("a", .elf),
            options: DumpWriterOptions(started: Timestamp(microsecondsSince1970: 0)), warnings: [])
        let text = try #require(
            notes.text(try InventedSelection(memory, words: words), nil))
        let mark = try JSONDocument.decode(JSONValue.self, from: text)
        #expect(mark["outcome"]?.text == "partial")
        #expect(mark["obstacle"]?["cause"]?.text == "interrupted")
    }

    @Test("A conversion that was told to end before it began ends")
    func stopped() throws {
        let folder = try Folder()
        try write("a.kdump", .kdump, in: folder)
        let control = DumpControl()
        control.stop(.init(cause: .interrupted, message: "interrupted"))
        #expect(throws: LiveDumpError(.interrupted, "interrupted")) {
            try convert("a.kdump", "b", .kdump, in: folder, control: control)
        }
    }

    @Test("Where header and note differ in the level, the header counts")
    func header() throws {
        let folder = try Folder()
        try write("a.kdump", .kdump, in: folder)
        var bytes = try OwnedDescriptor.open(folder.file("a.kdump"), .readOnly)
            .readAll(limit: 1 << 24)
        // dump_level of the sub header, as makedumpfile sets it when it filters a dump of ours.
        #expect(bytes[4096 + 8..<4096 + 12].elementsEqual([0, 0, 0, 0]))
        bytes[4096 + 8] = 8
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file("b.kdump").string))
        let told = try DumpInspector.describe(folder.file("b.kdump"))
        #expect(told.level == 8)
        #expect(told.leftOut == ["pages of processes"])
        #expect(told.warnings.contains { $0.contains("was filtered after the note") })
    }

    @Test("Only files and block devices are read, and a FIFO is not waited for")
    func input() throws {
        let folder = try Folder()
        #expect(mkfifo(folder.file("fifo").string, 0o600) == 0)
        try Data("hello, this is no dump at all".utf8)
            .write(to: URL(fileURLWithPath: folder.file("text").string))
        try write("a.kdump", .kdump, in: folder)
        func kind(_ path: FilePath) -> DumpInspectionError.Kind? {
            do throws(DumpInspectionError) {
                try ConversionInput.check(path)
                return nil
            } catch { return error.kind }
        }
        #expect(kind(folder.file("fifo")) == .wrongKind)
        #expect(kind(folder.file("none")) == .notAFile)
        #expect(kind(FilePath(folder.path)) == .wrongKind)
        #expect(kind("/dev/zero") == .wrongKind)
        #expect(kind(folder.file("text")) == .notADump)
        #expect(kind(folder.file("a.kdump")) == nil)
    }
}
