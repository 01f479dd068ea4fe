import DiagFormats
import DiagModel
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("What dump info tells")
struct DumpInspectorTests {
    @Test(
        "A Windows dump of every type and width is complete, with its pages and code",
        arguments: DumpSamples.windowsTypes, [true, false])
    func windows(type: UInt32, is64Bit: Bool) throws {
        let bytes = DumpSamples.windows(type: type, is64Bit: is64Bit)
        let dump = try DumpSamples.describe(bytes)
        #expect(dump.format == .windows)
        #expect(dump.formatName == "Windows dump, \(is64Bit ? 64 : 32) bits, type \(type)")
        #expect(dump.completeness == .complete, "\(dump.shortcomings)")
        #expect(dump.warnings == [])
        #expect(dump.release == "build 22621")
        #expect(dump.machine == (is64Bit ? "x86_64" : "x86"))
        #expect(dump.processorCount == 8)
        #expect(dump.time?.description == "2026-11-21T22:00:00.000000Z")
        #expect(dump.uptimeSeconds == 3600)
        #expect(dump.pages.present == 3)
        #expect(dump.pages.dumped == ([3, 4, 7].contains(type) ? nil : 3))
        #expect(dump.code?.number == "0x161")
        #expect(dump.code?.name == "LIVE_SYSTEM_DUMP")
        #expect(dump.isLive == true)
        #expect(dump.kind.hasPrefix("live "))
        let first = dump.code?.parameters.first
        if is64Bit {
            #expect(first == .init(value: "0x005461736b6d6772", text: "Taskmgr"))
            #expect(dump.originator == "Taskmgr")
        } else {
            #expect(first?.text == "PowerShell: Get-StorageDiagnosticInfo")
        }
        #expect(dump.code?.parameters.count == 4)
        #expect(try schemaErrors(dump) == [])
    }

    @Test("A crash is no live dump, and a code that is not known has no name")
    func stopCodes() throws {
        let crash = try DumpSamples.describe(DumpSamples.windows(type: 2, code: 0x7A))
        #expect(crash.code?.name == "KERNEL_DATA_INPAGE_ERROR")
        #expect(crash.isLive == false)
        #expect(crash.kind == "kernel memory dump")
        #expect(crash.originator == nil)
        let other = try DumpSamples.describe(DumpSamples.windows(type: 2, code: 0xDEAD))
        #expect(other.code?.number == "0xdead")
        #expect(other.code?.name == nil)
        #expect(other.isLive == nil)
        #expect(StopCode.spelt(0x0054_6173_6B6D_6772) == "Taskmgr")
        #expect(StopCode.spelt(0x4142_0043_0000_0000) == nil)
        #expect(StopCode.spelt(0) == nil)
    }

    @Test(
        "Each parameter of a Windows dump is spelt where it is text",
        arguments: [UInt32(0x161), 0x7A, 0xDEAD], 0..<4)
    func spelling(code: UInt32, index: Int) throws {
        var bytes = DumpSamples.windows(type: 2, code: code)
        for other in 0..<4 { DumpSamples.put(UInt64(other + 1), at: 0x40 + 8 * other, in: &bytes) }
        DumpSamples.put(UInt64(0x0054_6173_6B6D_6772), at: 0x40 + 8 * index, in: &bytes)
        let parameters = try #require(try DumpSamples.describe(bytes).code?.parameters)
        #expect(parameters.count == 4)
        for (place, parameter) in parameters.enumerated() {
            #expect(parameter.text == (place == index ? "Taskmgr" : nil), "\(place)")
        }
        #expect(parameters[index].value == "0x005461736b6d6772")
    }

    @Test(
        "A parameter of a Windows dump that is a number has no text",
        arguments: [0, 0x41, 0x4100_0000, 0x1000, 0xFFFF_F803_4142_4344, 0xC000_0005] as [UInt64])
    func numbers(value: UInt64) throws {
        var bytes = DumpSamples.windows(type: 2)
        DumpSamples.put(value, at: 0x58, in: &bytes)
        #expect(try DumpSamples.describe(bytes).code?.parameters[3].text == nil)
    }

    @Test(
        "A Windows dump that was cut says how many pages it has room for",
        arguments: [UInt32(1), 2, 5, 6, 8, 9, 10])
    func windowsCut(type: UInt32) throws {
        let bytes = DumpSamples.windows(type: type)
        let dump = try DumpSamples.describe(Array(bytes.dropLast(4096)))
        #expect(dump.completeness == .partial)
        #expect(dump.shortcomings.contains { $0.contains("RequiredDumpSpace") })
        #expect(dump.shortcomings.contains("The file is cut: of 3 pages it has room for 2."))
        #expect(dump.pages.dumped == 3)
        #expect(dump.pages.missing == 1)
        #expect(try schemaErrors(dump) == [])
        let empty = try DumpSamples.describe(Array(bytes.dropLast(3 * 4096)))
        #expect(empty.pages.missing == 3)
        #expect(try DumpSamples.describe(bytes).pages.missing == nil)
    }

    @Test("A table that counts more pages than it has makes no more of these missing")
    func windowsCount() throws {
        var bytes = DumpSamples.windows(type: 6)
        // TotalPresentPages, with three bits and room for two pages.
        DumpSamples.put(UInt64(9), at: 0x2028, in: &bytes)
        let dump = try DumpSamples.describe(Array(bytes.dropLast(4096)))
        #expect(dump.shortcomings.contains("The file is cut: of 9 pages it has room for 2."))
        #expect(dump.pages.dumped == 3)
        #expect(dump.pages.missing == 1)
    }

    @Test(
        "Every truncation of a Windows dump gives a description or an error",
        arguments: DumpSamples.windowsTypes)
    func windowsTruncated(type: UInt32) throws {
        let bytes = DumpSamples.windows(type: type)
        let header = try WindowsDumpHeader(parsing: bytes.span)
        for length in 0..<header.headerByteCount {
            #expect(throws: FormatError.self) {
                try WindowsDumpHeader(parsing: bytes.span.extracting(0..<length))
            }
        }
        for length in 0..<(bytes.count - 0x2000) where length < 0x100 {
            _ = try? WindowsDumpTable.parse(
                bytes.span.extracting(0x2000..<(0x2000 + length)), after: header)
        }
        try Self.checkCuts(bytes, headerByteCount: 0x2000)
    }

    @Test(
        "Every truncation of a 32-bit Windows dump gives a description or an error",
        arguments: DumpSamples.windowsTypes)
    func windowsTruncated32(type: UInt32) throws {
        try Self.checkCuts(
            DumpSamples.windows(type: type, is64Bit: false), headerByteCount: 0x1000)
    }

    /// Every length of header and table, and those around each page's bounds up to the end.
    private static func checkCuts(_ bytes: [UInt8], headerByteCount: Int) throws {
        var lengths = Set(0..<min(headerByteCount + 0x140, bytes.count))
        let bounds =
            Array(stride(from: bytes.count, to: headerByteCount, by: -4096))
            + stride(from: headerByteCount, to: bytes.count, by: 4096)
        for bound in bounds {
            lengths.formUnion(max(0, bound - 64)...min(bytes.count, bound + 64))
        }
        lengths.insert(bytes.count)
        try DumpSamples.describeCut(bytes, to: lengths.sorted(by: >)) { length, dump in
            #expect((dump != nil) == (length >= headerByteCount), "\(length)")
            guard let dump else { return }
            let isWhole = length == bytes.count
            #expect(dump.completeness == (isWhole ? .complete : .partial), "\(length)")
            // All three pages lie at the end, where there are pages.
            if dump.pages.dumped == 3 {
                let lost = min(3, (bytes.count - length + 4095) / 4096)
                #expect((dump.pages.missing ?? 0) == lost, "\(length)")
            }
        }
    }

    @Test(
        "A Windows dump that does not say its size is not called complete",
        arguments: [(UInt32(1), true), (7, true), (3, false)])
    func windowsWithoutSize(type: UInt32, isUnknown: Bool) throws {
        var bytes = Array(DumpSamples.windows(type: type)[..<0x2000])
        // What is not written holds the filler.
        for place in [0x88, 0x90, 0x94, 0xFA0, 0xFA4] {
            bytes.replaceSubrange(place..<(place + 4), with: Array("PAGE".utf8))
        }
        let dump = try DumpSamples.describe(bytes)
        #expect(dump.completeness == (isUnknown ? .unknown : .complete))
        #expect(dump.warnings.contains { $0.contains("may be cut") } == isUnknown)
        #expect(try schemaErrors(dump) == [])
    }

    @Test(
        "A Windows header with any byte changed gives a value or an error",
        arguments: [true, false])
    func windowsFlipped(is64Bit: Bool) throws {
        let bytes = DumpSamples.windows(type: 6, is64Bit: is64Bit)
        let size = is64Bit ? 0x2000 : 0x1000
        for offset in 0..<(size + 0x40) where offset < bytes.count {
            for value in [UInt8(0), 0x7F, 0xFF] {
                var damaged = bytes
                damaged[offset] = value
                guard let header = try? WindowsDumpHeader(parsing: damaged.span) else { continue }
                _ = header.timeMicroseconds
                _ = try? WindowsDumpTable.parse(damaged.span.extracting(size...), after: header)
            }
        }
    }

    @Test("A dump of ours tells its classes, its note and its readers")
    func ours() throws {
        let dump = try DumpSamples.describe(DumpSamples.kdump(), name: "/x/LiveDump.kdump")
        #expect(dump.kind == "live kernel dump, full")
        #expect(dump.writer == "diagbundle")
        #expect(dump.completeness == .complete, "\(dump.shortcomings)")
        #expect(dump.host == "lab")
        #expect(dump.release == "6.1.0-56-cloud-amd64")
        #expect(dump.buildIdentifier == "3b43")
        #expect(dump.kernelOffset == "0x1a000000")
        #expect(dump.seconds == 6.5)
        #expect(dump.processorCount == 2)
        #expect(dump.registerCount == 1)
        #expect(dump.level == 27)
        #expect(dump.leftOut == ["zero pages", "cache", "pages of processes", "free pages"])
        #expect(dump.pages.present == 64)
        #expect(dump.pages.dumped == 8)
        #expect(dump.pages.zero == 2)
        #expect(
            dump.pages.dumpedByClass == [
                "kernel": 3, "slab": 2, "pageTable": 1, "reserved": 1, "cachePrivate": 1,
            ])
        #expect(dump.pages.presentByClass == ["slab": 1, "free": 3])
        #expect(dump.compression == ["zstd"])
        #expect(dump.torn?.changed == 2)
        #expect(dump.code?.parameters.map(\.text) == ["diagbvdl", nil, "level 27", nil])
        #expect(dump.code?.parameters[2].value == "0x000000000000001b")
        #expect(dump.debugPackage == "linux-image-6.1.0-56-cloud-amd64-dbg")
        #expect(dump.readers.first { $0.name == "makedumpfile" }?.canRead == false)
        #expect(dump.readers.first { $0.name == "crash" }?.note?.hasPrefix("8.0.2") == true)
        #expect(
            dump.symbols
                == .init(
                    installCommand: "apt-get install linux-image-6.1.0-56-cloud-amd64-dbg",
                    images: [
                        "/usr/lib/debug/boot/vmlinux-6.1.0-56-cloud-amd64",
                        "/usr/lib/debug/lib/modules/6.1.0-56-cloud-amd64/vmlinux",
                    ]))
        #expect(
            dump.openWith.first
                == "crash /usr/lib/debug/boot/vmlinux-6.1.0-56-cloud-amd64 /x/LiveDump.kdump")
        #expect(dump.warnings == ["registers of processor 1 are zero"])
        #expect(try schemaErrors(dump) == [])
    }

    @Test("An incomplete dump, one with pages missing and one cut short are partial")
    func partial() throws {
        let incomplete = try DumpSamples.describe(DumpSamples.kdump(status: [.zstd, .incomplete]))
        #expect(incomplete.shortcomings == ["The header says that the dump is incomplete."])
        #expect(incomplete.openWith.first?.hasPrefix("crash --zero_excluded /usr/lib/") == true)
        let missing = try DumpSamples.describe(DumpSamples.kdump(missing: true))
        #expect(missing.shortcomings == ["1 page without bytes."])
        #expect(missing.pages.missing == 1)
        #expect(missing.pages.dumpedByClass?["kernel"] == 2, "one of the three has no bytes")
        #expect(missing.pages.dumpedByClass?.values.reduce(0, +) == 7)
        let bytes = DumpSamples.kdump()
        let cut = try DumpSamples.describe(Array(bytes.dropLast(4096)))
        #expect(cut.completeness == .partial)
        let gone = try #require(cut.pages.missing)
        #expect(gone > 0)
        #expect(cut.pages.dumpedByClass?.values.reduce(0, +) == 8 - gone)
        let table = try DumpSamples.describe(Array(bytes[..<(4 * 4096 + 50)]))
        #expect(table.pages.missing == 8)
        #expect(table.shortcomings.contains("The file ends within its table of pages."))
        let bitmap = try DumpSamples.describe(Array(bytes[..<(3 * 4096 + 2)]))
        #expect(bitmap.shortcomings.contains("The file ends within its bitmaps."))
        #expect(bitmap.pages.missing == bitmap.pages.dumped)
    }

    @Test("Every version of the kdump header is described", arguments: Int32(1)...6)
    func versions(version: Int32) throws {
        let dump = try DumpSamples.describe(
            DumpSamples.kdump(version: version, withReport: false, words: false))
        #expect(dump.formatName == "kdump-compressed, version \(version)")
        #expect(dump.pages.dumpedByClass == nil)
        #expect(dump.pages.dumped == (version == 6 ? 8 : 8))
        #expect(dump.kind == "kernel dump")
        #expect((dump.buildIdentifier != nil) == (version >= 4))
    }

    @Test("A flattened dump is described as what it holds, and its end is looked for")
    func flattened() throws {
        let plain = try DumpSamples.describe(DumpSamples.kdump())
        let whole = try DumpSamples.describe(DumpSamples.flattened(DumpSamples.kdump()))
        #expect(whole.isFlattened)
        #expect(whole.formatName == "kdump-compressed, version 6, flattened")
        #expect(whole.pages == plain.pages)
        #expect(whole.completeness == .complete, "\(whole.shortcomings)")
        #expect(whole.openWith.first == "makedumpfile -R ordered.kdump < dump")
        let cut = try DumpSamples.describe(
            DumpSamples.flattened(DumpSamples.kdump(), hasEnd: false))
        #expect(cut.shortcomings == ["The flattened stream ends before its end mark."])
        #expect(try schemaErrors(whole) == [])
    }

    @Test("An ELF dump of a kernel, and what was left out of it")
    func elf() throws {
        let dump = try DumpSamples.describe(
            DumpSamples.elf(notes: DumpSamples.notes(withReport: false)))
        #expect(dump.formatName == "ELF core file")
        #expect(dump.release == "6.1.0-56-cloud-amd64")
        #expect(dump.pages.present == 4)
        #expect(dump.pages.dumped == 2)
        #expect(dump.leftOut == ["2 pages, which the file does not name"])
        #expect(dump.completeness == .complete)
        let ours = try DumpSamples.describe(DumpSamples.elf(notes: DumpSamples.notes()))
        #expect(ours.kind == "live kernel dump, full")
        #expect(ours.level == 27)
        #expect(ours.pages.dumped == 1)
        let bytes = DumpSamples.elf(notes: DumpSamples.notes())
        let cut = try DumpSamples.describe(Array(bytes.dropLast(100)))
        #expect(cut.completeness == .partial)
        #expect(cut.pages.dumped == 1 || cut.pages.dumped == 0)
        #expect(cut.pages.dumpedByClass == nil, "the note counts what is not there")
        let none = try DumpSamples.describe(Array(bytes.dropLast(8192)))
        #expect(none.pages.dumped == 0)
        #expect(try schemaErrors(ours) == [])
    }

    struct Known: Sendable {
        let information: String
        var debugPackage: String?
        let symbols: DumpDescription.Symbols
        var image = "vmlinux"
    }

    private static let buildIdentifier = "3b43fad5034874490492495d552c0af6a5fab235"
    private static let unknown = "the dump does not tell the distribution of its kernel"
    private static let arch =
        "Arch Linux gives symbols by Build ID, not in packages of the repositories that it has at"
        + " first"
    private static let fedora = "6.11.4-301.fc41.x86_64"
    private static let dnf = "dnf --enablerepo='*debug*' install"

    private static func fetch(_ server: String) -> String {
        "DEBUGINFOD_URLS=\(server) debuginfod-find debuginfo \(buildIdentifier)"
    }

    @Test(
        "An ELF core that tells no more than its kernel's release says how its symbols are got",
        arguments: [
            Known(
                information: "OSRELEASE=6.8.0-45-generic\nBUILD-ID=\(buildIdentifier)\n",
                symbols: .init(
                    note: unknown, symbolServer: "https://debuginfod.elfutils.org/",
                    fetchCommand: fetch("https://debuginfod.elfutils.org/"))),
            Known(information: "OSRELEASE=5.4.0\n", symbols: .init(note: unknown)),
            Known(
                information: "BUILD-ID=\(buildIdentifier)\n",
                symbols: .init(
                    note: unknown, symbolServer: "https://debuginfod.elfutils.org/",
                    fetchCommand: fetch("https://debuginfod.elfutils.org/"))),
            Known(
                information: "OSRELEASE=6.11.5-arch1-1\nBUILD-ID=\(buildIdentifier)\n",
                symbols: .init(
                    note: arch, symbolServer: "https://debuginfod.archlinux.org/",
                    fetchCommand: fetch("https://debuginfod.archlinux.org/"))),
            Known(
                information: "OSRELEASE=\(fedora)\nBUILD-ID=\(buildIdentifier)\n",
                debugPackage: "kernel-debuginfo-\(fedora)",
                symbols: .init(
                    installCommand: "\(dnf) kernel-debuginfo-\(fedora)",
                    images: ["/usr/lib/debug/lib/modules/\(fedora)/vmlinux"],
                    symbolServer: "https://debuginfod.fedoraproject.org/",
                    fetchCommand: fetch("https://debuginfod.fedoraproject.org/")),
                image: "/usr/lib/debug/lib/modules/\(fedora)/vmlinux"),
        ])
    func symbols(_ known: Known) throws {
        let note = ELFNote(name: "VMCOREINFO", type: 0, descriptor: Array(known.information.utf8))
        let dump = try DumpSamples.describe(DumpSamples.elf(notes: note.encoded))
        #expect(dump.version == nil)
        #expect(dump.debugPackage == known.debugPackage)
        #expect(dump.symbols == known.symbols)
        #expect(dump.openWith.first == "crash \(known.image) dump")
        #expect(try schemaErrors(dump) == [])
    }

    struct Processors: Sendable {
        let header: Int32
        let hasNotes: Bool
        let told: Int?
    }

    @Test(
        "One processor that the header alone tells of is none that is known",
        arguments: [
            Processors(header: 1, hasNotes: false, told: nil),
            Processors(header: 0, hasNotes: false, told: nil),
            Processors(header: 4, hasNotes: false, told: 4),
            Processors(header: 1, hasNotes: true, told: 2),
            Processors(header: 4, hasNotes: true, told: 4),
        ])
    func processors(_ count: Processors) throws {
        var bytes = DumpSamples.kdump()
        DumpSamples.put(count.header, at: 460, in: &bytes)
        // size_note of the sub header.
        if !count.hasNotes { DumpSamples.put(UInt64(0), at: 4096 + 56, in: &bytes) }
        let dump = try DumpSamples.describe(bytes)
        #expect(dump.processorCount == count.told)
        #expect(dump.registerCount == (count.hasNotes ? 1 : nil))
    }

    @Test("Where no note has registers, the report of a dump of ours tells the processors")
    func reportedProcessors() {
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .kdump, formatName: "n", kind: "k")
        dump.apply(report: ["registers": ["processors": 1, "sampled": 0]])
        #expect(dump.processorCount == 1)
        dump.apply(report: ["registers": ["processors": 8]])
        #expect(dump.processorCount == 1)
    }

    @Test("Steps and stages are taken from the report; what makes no sense is not")
    func times() {
        var dump = DumpDescription(
            file: "f", byteCount: 1, format: .kdump, formatName: "n", kind: "k")
        dump.apply(report: ["stages": "none", "steps": [["name": "copy"]]])
        #expect(dump.steps == nil)
        #expect(dump.stages == nil)
        dump.apply(
            report: [
                "steps": [
                    ["name": "copy", "seconds": 2], ["name": "sync", "seconds": -1],
                    ["name": "", "seconds": 1],
                ],
                "stages": [
                    ["name": "read", "pages": 5, "threadSeconds": 1],
                    ["name": "write", "pages": -5, "threadSeconds": 1],
                ],
            ])
        #expect(dump.steps == [.init(name: "copy", seconds: 2)])
        #expect(dump.stages == [.init(name: "read", pages: 5, threadSeconds: 1)])
        // A report of an earlier version says nothing of steps.
        dump.apply(report: ["kind": "full"])
        #expect(dump.steps?.count == 1)
    }

    @Test(
        "The one dump in a folder is described, whatever else lies there",
        arguments: DumpFolder.dumpNames)
    func folder(name: String) throws {
        try Self.inFolder([name: DumpSamples.kdump(), "LiveDump.json": [], "vmcore": [1]]) { path in
            let file = path.appending(name)
            let (ofFolder, ofFile) = (
                try DumpInspector.describe(path).file, try DumpInspector.describe(file).file
            )
            #expect(ofFolder == file.string)
            #expect(ofFile == file.string)
        }
    }

    @Test("A dump is found in a folder with more names than are listed")
    func largeFolder() throws {
        let files = Dictionary(uniqueKeysWithValues: Self.many.map { ($0, [UInt8]()) })
        try Self.inFolder(files) { path in
            do throws(DumpInspectionError) {
                _ = try DumpFolder.dump(at: path, listing: 5)
                Issue.record("a folder without a dump has one")
            } catch {
                #expect(error.kind == .notAFile)
                #expect(error.description.contains("holds more than 5 files. Name"))
            }
        }
        try Self.inFolder(files.merging(["LiveDump.elf": []]) { $1 }) { path in
            let dump = try DumpFolder.dump(at: path, listing: 5)
            #expect(dump == path.appending("LiveDump.elf"))
        }
    }

    private static let many = (10..<22).map { "f\($0)" }

    @Test(
        "A folder without a dump or with several is told by what it holds",
        arguments: [
            ([], "nothing"), (["a", "b"], "a, b"), (many, "f17 and 4 more"),
            (["LiveDump.elf", "LiveDump.kdump"], "LiveDump.kdump, LiveDump.elf. Name one"),
        ] as [([String], String)])
    func otherFolder(names: [String], told: String) throws {
        let files = Dictionary(uniqueKeysWithValues: names.map { ($0, [UInt8]()) })
        try Self.inFolder(files) { path in
            do throws(DumpInspectionError) {
                _ = try DumpInspector.describe(path)
                Issue.record("a folder was described")
            } catch {
                #expect(error.kind == .notAFile)
                #expect(error.description.contains("is a directory"))
                #expect(error.description.contains(told), "\(error.description)")
            }
        }
    }

    private static func inFolder(
        _ files: [String: [UInt8]], _ body: (FilePath) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dump-folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in files {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        try body(FilePath(folder.path))
    }

    @Test("The core of a process is refused by the name of its program")
    func process() throws {
        var information = [UInt8](repeating: 0, count: 136)
        DumpSamples.put(UInt32(4242), at: 24, in: &information)
        information.replaceSubrange(40..<45, with: Array("sleep".utf8))
        information.replaceSubrange(56..<66, with: Array("sleep \u{1B}[1m".utf8))
        var status = [UInt8](repeating: 0, count: 336)
        status[12] = 6
        let notes =
            ELFNote(name: "CORE", type: 1, descriptor: status).encoded
            + ELFNote(name: "CORE", type: 3, descriptor: information).encoded
            + ELFNote(name: "CORE", type: 6, descriptor: [0, 0]).encoded
        #expect {
            try DumpSamples.describe(DumpSamples.elf(notes: notes, virtualAddress: 0x40_0000))
        } throws: { error in
            let error = error as? DumpInspectionError
            return error?.kind == .notADump
                && error?.description.contains("program sleep, process 4242") == true
                && error?.description.contains("signal 6") == true
                && error?.description.contains("\u{1B}") == false
        }
    }

    @Test("LiME and AVML files count their ranges, and say when they are cut")
    func ranges() throws {
        let lime = DumpSamples.lime([(0x1000, 4096), (0x10_0000, 8192)])
        let whole = try DumpSamples.describe(lime)
        #expect(whole.format == .lime)
        #expect(whole.pages.dumped == 3)
        #expect(whole.completeness == .complete)
        let cut = try DumpSamples.describe(Array(lime.dropLast(4096)))
        #expect(cut.pages.dumped == 2)
        #expect(cut.completeness == .partial)
        let avml = DumpSamples.avml([(0, 65_536, 100), (1 << 24, 65_536, 3)])
        let compressed = try DumpSamples.describe(avml)
        #expect(compressed.format == .avml)
        #expect(compressed.pages.dumped == 32)
        #expect(compressed.completeness == .complete)
        #expect(try DumpSamples.describe(Array(avml.dropLast(1))).completeness == .partial)
        #expect(try schemaErrors(compressed) == [])
    }

    @Test(
        "What is no dump is told so",
        arguments: [
            [], Array("hello".utf8), Array("MDMP".utf8), [0x7F, 0x45, 0x4C, 0x46],
            Array("PAGEDU64".utf8), Array("KDUMP   ".utf8), Array("makedumpfile".utf8),
            [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1],
        ] as [[UInt8]])
    func others(bytes: [UInt8]) {
        #expect(throws: DumpInspectionError.self) { try DumpSamples.describe(bytes) }
    }

    @Test("Lying headers in a sparse file of one tebibyte cost no time and no memory")
    func sparse() throws {
        var header = DumpSamples.kdump()
        DumpSamples.put(UInt32.max - 1, at: 436, in: &header)
        DumpSamples.put(UInt64(1) << 40, at: 4096 + 96, in: &header)
        DumpSamples.put(UInt64.max, at: 4096 + 56, in: &header)
        let stream = Array(DumpSamples.flattened([])[..<4096])
        for bytes in [header, stream, DumpSamples.avml([(0, 1 << 60, 5)])] {
            let file = FileManager.default.temporaryDirectory
                .appendingPathComponent("sparse-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(bytes).write(to: file)
            try FileHandle(forWritingTo: file).truncate(atOffset: 1 << 40)
            let dump = try? DumpInspector.describe(FilePath(file.path))
            #expect(dump?.completeness != .complete)
        }
    }

    @Test(
        "Seeded mutations of every kind of file give a description that keeps the schema, or an error"
    )
    func mutations() throws {
        var state: UInt64 = 0x1D_161
        func random(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for sample in DumpSamples.all {
            for _ in 0..<25 {
                var bytes = sample
                for _ in 0...random(below: 6) {
                    let area = random(below: 2) == 0 ? bytes.count : min(bytes.count, 600)
                    bytes[random(below: area)] = UInt8(random(below: 256))
                }
                if random(below: 4) == 0 { bytes.removeLast(random(below: bytes.count)) }
                guard let dump = try? DumpSamples.describe(bytes) else { continue }
                #expect(try schemaErrors(dump) == [])
            }
        }
    }

    @Test("A path with blanks or quotes is one word of a command")
    func quoting() {
        #expect(ShellWord.quoted("/a/b-1.kdump") == "/a/b-1.kdump")
        #expect(ShellWord.quoted("/a b/it's") == #"'/a b/it'\''s'"#)
        #expect(ShellWord.quoted("-x") == "'./-x'")
    }

    private func schemaErrors(_ dump: DumpDescription) throws -> [String] {
        let bytes = try JSONDocument.encode(dump, layout: .line)
        let value = try JSONDocument.decode(JSONValue.self, from: bytes)
        return PublishedSchema.dumpInfo.errors(in: value)
    }
}
