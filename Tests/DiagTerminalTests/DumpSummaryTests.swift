import DiagModel
import Testing

@testable import DiagTerminal

@Suite("The summary of a live dump")
struct DumpSummaryTests {
    private static let time = Timestamp(microsecondsSince1970: 1_800_000_000_000_000)
    private static let file = Artifact(
        collector: "livedump", path: "LiveDump.kdump", byteCount: 20 << 20, sha256: "")

    private static func report(_ outcome: LiveDumpReport.Outcome) -> LiveDumpReport {
        LiveDumpReport(
            kind: .full, outcome: outcome, originator: "diagbndl", parameters: [], host: "h",
            kernel: .init(
                release: "6.1.0", version: "v", machine: "m", debugPackage: "linux-image-dbg"),
            started: time, ended: time, level: 27)
    }

    @Test("A whole dump is told with its place, how to open it, and that it is smeared")
    func complete() {
        var report = Self.report(.complete)
        report.file = .init(
            name: "LiveDump.kdump", format: "kdump-compressed", compression: "zstd",
            byteCount: 20 << 20, isComplete: true)
        report.stackFiles = ["LiveDump-stacks.txt"]
        report.openWith = ["drgn -c LiveDump.kdump"]
        report.windows = [
            .init(
                pages: "all", start: Self.time,
                end: Timestamp(microsecondsSince1970: 1_800_000_003_000_000))
        ]
        report.torn = .init(sampled: 100, changed: 5, rounds: 2, replaced: 4, remaining: 1)
        report.warnings = ["registers of 1 processor are zero \u{1B}[2J"]
        #expect(
            DumpSummary.lines(
                of: report, exitCode: 0, folderPath: "/d/h-1", file: Self.file, seconds: 3.2)
                == [
                    "Complete: the live kernel dump holds every page that was asked for.",
                    "/d/h-1/LiveDump.kdump",
                    "20.0 MiB; made in 3.2 s; kdump-compressed, zstd; level 27; kernel 6.1.0",
                    "Stacks of all threads: beside it, in", "/d/h-1/LiveDump-stacks.txt",
                    "Symbols: the package linux-image-dbg; \"diagbundle dump info\" tells how to"
                        + " get them",
                    "Open it with:",
                    "  drgn -c LiveDump.kdump",
                    "Smeared: pages were copied while the kernel went on, over 3.0 s. Of a sample of"
                        + " 100 pages 5 had changed; 4 pages were replaced by newer ones, and 1 of"
                        + " these had changed again and may be torn.",
                    #"Warning: registers of 1 processor are zero \x1B[2J"#,
                ])
    }

    @Test("A dump that is refused is told with its reason and the way out")
    func refused() {
        var report = Self.report(.refused)
        report.obstacle = .init(
            cause: .noKernelCore, message: "open /proc/kcore: No such file", remedy: "ask QEMU")
        #expect(
            DumpSummary.lines(of: report, exitCode: 69, folderPath: nil, file: nil, seconds: 1)
                == [
                    "No live kernel dump: this kernel has no source for one.",
                    "Reason: open /proc/kcore: No such file", "Way out: ask QEMU",
                ])
    }

    @Test("A level asked for with pages of zeros is told as it was asked for")
    func level() {
        let asked = ["0x0000000000000000", "0x0000000000000001", "0x000000000000001b", "0x0"]
        #expect(DumpLevelText.describe(26, parameters: asked) == "27 (zero pages kept as one)")
        #expect(DumpLevelText.describe(27, parameters: asked) == "27")
        #expect(DumpLevelText.describe(30, parameters: asked) == "30")
        #expect(DumpLevelText.describe(26, parameters: []) == "26")
        #expect(DumpLevelText.describe(.min, parameters: ["", "", "0x1", ""]) == "\(Int.min)")
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .kdump, formatName: "n", kind: "k")
        dump.writer = "diagbundle"
        dump.level = 26
        dump.leftOut = DumpDescription.classes(ofLevel: 26)
        dump.code = .init(
            number: "0x161", name: nil, isLive: true, parameters: asked.map { .init(value: $0) })
        #expect(
            DumpPage.lines(dump).contains(
                "  Level          27 (zero pages kept as one): left out cache, pages of processes,"
                    + " free pages"))
        dump.code?.parameters[1].value = "0x0000000000000002"
        #expect(DumpPage.lines(dump).contains { $0.hasPrefix("  Level          stacks: ") })
        dump.pages.dumped = 1
        dump.pages.missing = .max
        dump.pages.presentByClass = ["slab": 3]
        #expect(DumpPage.lines(dump).contains { $0.hasPrefix("slab") && !$0.contains("0") })
    }

    @Test("Where the time went is told when it is asked for")
    func times() {
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .kdump, formatName: "n", kind: "k")
        let none = "Where the time went is not told: neither by the file nor beside it."
        #expect(DumpPage.lines(dump, showsSteps: true).contains(none))
        dump.steps = [
            .init(name: "copy", seconds: 1.5), .init(name: "sync\u{1B}[2J", seconds: 0.5004),
            .init(name: "tables", seconds: 1e308), .init(name: "copy", seconds: 1e308),
        ]
        dump.stages = [
            .init(name: "read", pages: 3, threadSeconds: 0.0625),
            .init(name: "write", pages: 3, threadSeconds: 0),
        ]
        #expect(!DumpPage.lines(dump).contains { $0.hasPrefix("Step") || $0.hasPrefix("Stage") })
        func rows(_ title: String) -> [[Substring]] {
            DumpPage.lines(dump, showsSteps: true).drop { !$0.hasPrefix(title) }
                .prefix { !$0.isEmpty }.map { $0.split(separator: " ") }
        }
        #expect(rows("Step").count == 6)
        #expect(rows("Step").allSatisfy { !$0.joined().contains("\u{1B}") })
        #expect(rows("Stage, all threads")[1] == ["read", "3", "0.063", "48"])
        #expect(rows("Stage, all threads")[2] == ["write", "3", "0.000"])
        dump.steps?.removeLast(2)
        #expect(rows("Step")[1] == ["copy", "1.500", "75.0", "%"])
        #expect(rows("Step").last == ["all", "2.000", "100.0", "%"])
    }

    @Test("A dump whose package is not known says where to ask")
    func withoutPackage() {
        var report = Self.report(.complete)
        report.kernel.debugPackage = nil
        let lines = DumpSummary.lines(
            of: report, exitCode: 0, folderPath: "/d", file: Self.file, seconds: 1)
        #expect(
            lines.contains(
                "Symbols: no package is known; \"diagbundle dump info\" tells how to get them"))
    }

    /// The lines of a page from its title `title` to the next empty one.
    private func section(_ title: String, of dump: DumpDescription) -> [String] {
        DumpPage.lines(dump).drop { $0 != title }.prefix { !$0.isEmpty }.map(\.self)
    }

    @Test("The page tells the package, and how it is got and used")
    func symbols() {
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .elf, formatName: "n", kind: "k")
        #expect(section("Get the symbols", of: dump) == [])
        dump.debugPackage = "linux-dbgsym"
        dump.symbols = .init(
            installCommand: "apt-get install linux-dbgsym", note: "it is in another archive",
            images: ["/v"], symbolServer: "https://s/", fetchCommand: "debuginfod-find x")
        dump.openWith = ["crash /v f"]
        #expect(DumpPage.lines(dump).contains("  Symbols        package linux-dbgsym"))
        #expect(
            section("Get the symbols", of: dump) == [
                "Get the symbols", "  apt-get install linux-dbgsym",
                "    it is in another archive", "  debuginfod-find x",
                "    by Build ID, where the server has it; prints the path of vmlinux",
            ])
        #expect(section("Open with", of: dump) == ["Open with", "  crash /v f"])
        dump.debugPackage = nil
        dump.symbols = .init(note: "not known\u{1B}[2J", fetchCommand: "debuginfod-find x")
        #expect(
            DumpPage.lines(dump).contains("  Symbols        by Build ID; no package is known"))
        #expect(
            section("Get the symbols", of: dump).prefix(3) == [
                "Get the symbols", #"  not known\x1B[2J"#, "  debuginfod-find x",
            ])
        dump.symbols = .init(note: "none")
        #expect(DumpPage.lines(dump).contains("  Symbols        no package is known"))
        #expect(section("Get the symbols", of: dump) == ["Get the symbols", "  none"])
    }

    @Test("Of the pages that a cut file lacks none is said to be in it")
    func cutPages() {
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .windows, formatName: "n", kind: "k")
        dump.pages.dumped = 3
        dump.pages.missing = 2
        let row = DumpPage.lines(dump).first { $0.hasPrefix("all ") }
        #expect(row?.split(separator: " ").dropFirst().first == "1")
        #expect(!DumpPage.lines(dump).contains { $0.hasPrefix("  Processors") })
    }

    @Test("Of a copy that was killed, no time of its end is told")
    func killed() {
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .kdump, formatName: "n", kind: "k")
        dump.time = Timestamp("2026-11-22T05:47:39.892803Z")
        dump.seconds = 0
        let began = "  When           2026-11-22T05:47:39.892803Z"
        #expect(DumpPage.lines(dump).contains { $0.hasPrefix(began + ", over ") })
        dump.completeness = .partial
        #expect(DumpPage.lines(dump).contains(began + "; when it ended was not written"))
    }

    @Test("Stacks without a dump are told as what is there")
    func stacks() {
        var report = Self.report(.refused)
        report.kind = .stacks
        report.stackFiles = ["LiveDump-stacks.txt"]
        report.obstacle = .init(cause: .notPermitted, message: "why")
        #expect(
            DumpSummary.lines(of: report, exitCode: 3, folderPath: "/d", file: nil, seconds: 1)
                == [
                    "Partial: the stacks of all threads are there as text, without the dump that"
                        + " unwinds them.",
                    "Reason: why", "Stacks of all threads: in", "/d/LiveDump-stacks.txt",
                ])
    }

    @Test("Without the collector's word its end is told")
    func crashed() {
        #expect(
            DumpSummary.lines(
                of: nil, exitCode: 3, folderPath: "/d", file: Self.file,
                failure: "signal 9 (SIGKILL) ended it", seconds: 1)
                == [
                    "Partial: the live kernel dump opens, but pages are missing.",
                    "Reason: signal 9 (SIGKILL) ended it", "/d/LiveDump.kdump",
                    "20.0 MiB; made in 1.0 s",
                ])
    }

    @Test("The file's line shows rate and time left where there is room, and its name always")
    func line() {
        func lines(_ columns: Int) -> [String] {
            FrameLayout(text: ShownText(usesUnicode: true), columns: columns, rows: 24).lines(
                run: .init(done: 0, total: 1, fraction: 0, elapsedSeconds: 1),
                operations: [
                    .init(
                        event: .init(
                            name: "livedump", title: "t", state: .running,
                            file: .init(
                                path: "LiveDump.kdump", byteCount: 6 << 20,
                                totalByteCount: 100 << 20, bytesPerSecond: 2_097_152,
                                remainingSeconds: 47)), elapsedSeconds: 1)
                ])
        }
        #expect(
            lines(100).last
                == "    Copying diagnostic file LiveDump.kdump  6.0 MiB  6 %"
                + "  2.0 MiB/s  00:00:47 left")
        #expect(lines(60).last == "    Copying diagnostic file LiveDump.kdump  6.0 MiB  6 %")
    }
}
