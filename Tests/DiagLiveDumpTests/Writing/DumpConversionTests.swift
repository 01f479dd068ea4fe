import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("Dumps written anew")
struct DumpConversionTests {
    private let memory = InventedMemory(
        frames: [0..<150, 200..<900], holes: [7], zeros: [3, 210])
    private func words() -> [UInt64: UInt64] {
        var words = [UInt64: UInt64]()
        for frame in Array(UInt64(0)..<150) + Array(200..<900) {
            switch frame % 5 {
            case 0: words[frame] = 1 << 7
            case 1: words[frame] = 1 << 5
            case 2: words[frame] = 1 << 5 | 1 << 35
            case 3: words[frame] = 1 << 12 | 1 << 5
            default: words[frame] = 0
            }
        }
        return words
    }
    private func options(_ level: Int = 0, _ format: LiveDumpOptions.Format = .kdump)
        -> DumpConversion.Options
    {
        var options = DumpConversion.Options(started: Timestamp(microsecondsSince1970: 5))
        options.level = level
        options.writing.format = format
        options.writing.threadCount = 2
        options.writing.compression = .zlib
        return options
    }

    private func remove(_ places: DumpPlace...) {
        for place in places { try? FileManager.default.removeItem(atPath: place.path) }
    }

    private func write(
        _ place: DumpPlace, _ format: LiveDumpOptions.Format = .kdump,
        report: LiveDumpReport? = nil, words: [UInt64: UInt64]? = nil, level: Int = 30
    ) throws {
        var options = DumpWriterOptions(started: Timestamp(microsecondsSince1970: 1_000_000))
        options.format = format
        options.threadCount = 1
        _ = try DumpWriter.write(
            memory, InventedSelection(memory, words: words ?? self.words(), level: level),
            notes: .live(
                kernel: memory.kernel, processors: memory.processorNotes, format: format,
                mark: report.map { try JSONDocument.encode($0, layout: .line) } ?? Array("{}".utf8)),
            options: options, to: place.output(), control: DumpControl())
    }

    private func report(
        _ outcome: LiveDumpReport.Outcome, level: Int, kind: LiveDumpReport.Kind = .full
    ) -> LiveDumpReport {
        let time = Timestamp(microsecondsSince1970: 1)
        var report = LiveDumpReport(
            kind: kind, outcome: outcome, originator: "x", parameters: [], host: "host",
            kernel: .init(release: "6.1.0", version: "#1", machine: "x86_64"), started: time,
            ended: time, level: level)
        report.pages["unreadable"] = memory.holes.count
        return report
    }

    private func convert(
        _ place: DumpPlace, _ other: DumpPlace, _ options: DumpConversion.Options? = nil
    ) throws -> DumpConversion.Outcome {
        try DumpConversion.run(
            input: FilePath(place.path), output: other.output(),
            options: options ?? self.options(), control: DumpControl())
    }

    @Test(
        "A file that was cut gives a dump that is incomplete",
        arguments: LiveDumpOptions.Format.allCases)
    func cut(format: LiveDumpOptions.Format) throws {
        let place = DumpPlace("cut\(format)")
        let other = DumpPlace("cutOther\(format)")
        defer { remove(place, other) }
        try write(place, format)
        let bytes = try place.bytes()
        try Data(bytes[..<(bytes.count / 2)]).write(to: URL(fileURLWithPath: place.path))
        let outcome = try convert(place, other)
        #expect(!outcome.result.isComplete)
        #expect(
            outcome.warnings == [
                "the input was cut short: memory that it names is not in it",
                "the input is incomplete, and so is the output",
            ])
        #expect(try other.source().isIncomplete)
    }

    @Test(
        "Holes of an ELF file of ours do not become pages of zeros where that is not known",
        arguments: [LiveDumpReport.Outcome.partial, .complete], [false, true])
    func holes(outcome: LiveDumpReport.Outcome, isDense: Bool) throws {
        let name = "\(outcome)\(isDense ? "dense" : "")"
        let place = DumpPlace("holes" + name)
        let other = DumpPlace("holesOther" + name)
        defer { remove(place, other) }
        let kept = words().filter { $0.key % 5 == 0 || $0.key == 3 }
        try write(place, .elf, report: report(outcome, level: 26), words: kept)
        if isDense {
            let bytes = try place.bytes()
            try Data(bytes).write(to: URL(fileURLWithPath: place.path))
        }
        let result = try convert(place, other)
        #expect(result.result.isComplete == (outcome == .complete))
        let source = try other.source()
        #expect(source.isIncomplete == (outcome == .partial))
        #expect(source.header.dumpLevel == 26)
        let reader = try source.makeReader()
        for frame in words().keys {
            let isThere = kept[frame] != nil && !memory.zeros.contains(frame)
            if readPage(reader, frame) != (isThere ? memory.page(frame) : nil) {
                Issue.record("page frame \(frame) differs")
                break
            }
        }
        #expect(source.kernel.ownReport?.outcome == outcome)
        #expect(source.kernel.ownReport?.level == 26)
    }

    @Test("A hole of a class that the dump has is a page of zeros")
    func zeroHoles() throws {
        let place = DumpPlace()
        defer { remove(place) }
        let kept = words().filter { $0.key % 5 == 0 || $0.key == 3 }
        try write(place, .elf, report: report(.complete, level: 26), words: kept)
        let source = try ELFCoreSource(path: FilePath(place.path))
        let holes = try #require(try ELFHoles(source))
        #expect(holes.filled[0])
        #expect(!holes.filled[3])
        #expect(!holes.filled[210])
        let known = words()
        func select(_ level: Int) throws -> [Int] {
            let selection = try ConvertedSelection.make(
                source.ranges, of: nil, pageByteCount: 4096, level: level, priorLevel: 26,
                wanted: WantedClasses(level: level, prior: 26), holes: holes,
                words: { frame, found in
                    for index in 0..<found.count {
                        found[index] = known[frame + UInt64(index)] ?? 0
                    }
                    // The kernel's, and free: the first is a page of zeros, the second was left out.
                    if frame == 0 { (found[3], found[4]) = (1 << 7, 1 << 10) }
                    return .max
                }, isStopped: { false })
            #expect(selection.untoldCount == 0)
            #expect(selection.appliedLevel == level & ~1 | 26)
            return (0..<150).filter { selection.dumped[$0] }
        }
        let fives = (0..<150).filter { $0 % 5 == 0 }
        let others = (0..<150).filter { $0 % 5 == 4 && $0 != 4 }
        // Of class `kernel` without bytes, too, since the level keeps that class.
        let privates = (0..<150).filter { $0 % 5 == 2 }
        #expect(try select(0) == (fives + others + privates + [3]).sorted())
        #expect(try select(31) == (fives + others + [3]).sorted())
        let small = report(.complete, level: 26, kind: .stacks)
        try write(place, .elf, report: small, words: kept)
        let stacks = try #require(try ELFHoles(ELFCoreSource(path: FilePath(place.path))))
        #expect(!stacks.isZero(.kernel))
        #expect(!stacks.areAllZero)
    }

    @Test("What a filter left out stays out through an ELF file, zeros stay where all was kept")
    func filteredThereAndBack() throws {
        let places = [DumpPlace("againA"), DumpPlace("againB"), DumpPlace("againC")]
        defer { for item in places { remove(item) } }
        try write(places[0], report: report(.complete, level: 0), level: 0)
        for level in [0, 8] {
            _ = try convert(places[0], places[1], options(level, .elf))
            let outcome = try convert(places[1], places[2])
            #expect(outcome.result.isComplete)
            let source = try places[2].source()
            #expect(source.header.dumpLevel == level)
            let reader = try source.makeReader()
            #expect(readPage(reader, 3) == (level == 0 ? memory.page(3) : nil))
            #expect(readPage(reader, 8) == (level == 0 ? memory.page(8) : nil))
            #expect(readPage(reader, 9) == memory.page(9))
        }
    }

    @Test("A dump without pages of zeros stays one")
    func withoutZeros() throws {
        let place = DumpPlace()
        let other = DumpPlace("withoutZerosOther")
        defer { remove(place, other) }
        try write(place, level: 31)
        _ = try convert(place, other)
        #expect(try other.source().header.dumpLevel == 31)
        try write(place, level: 26)
        _ = try convert(place, other, options(31))
        #expect(try other.source().header.dumpLevel == 30)
    }

    struct Asked: Sendable {
        let prior: Int
        let level: Int
        let isRefused: Bool
    }

    @Test(
        "What the input has left out already need not be told",
        arguments: [
            Asked(prior: 30, level: 31, isRefused: false),
            Asked(prior: 30, level: 8, isRefused: false),
            Asked(prior: 4, level: 6, isRefused: false),
            Asked(prior: 31, level: 0, isRefused: false),
            Asked(prior: 2, level: 4, isRefused: true),
            Asked(prior: 16, level: 31, isRefused: true),
            Asked(prior: 22, level: 8, isRefused: true),
        ])
    func alreadyLeftOut(asked: Asked) throws {
        let place = DumpPlace("already" + String(repeating: "x", count: asked.prior + asked.level))
        let other = DumpPlace("other" + place.path.filter(\.isLetter))
        defer { remove(place, other) }
        try write(place, words: words().mapValues { _ in 0 }, level: asked.prior)
        if asked.isRefused {
            #expect(throws: LiveDumpError.self) { try convert(place, other, options(asked.level)) }
        } else {
            let outcome = try convert(place, other, options(asked.level))
            #expect(outcome.lacks == [])
            #expect(outcome.level == asked.prior)
        }
    }

    @Test("Pages of which nothing tells what they hold stay, and are counted")
    func untold() throws {
        func select(_ known: @escaping (UInt64) -> UInt64) throws -> ConvertedSelection {
            try ConvertedSelection.make(
                memory.ranges, of: nil, pageByteCount: 4096, level: 31, priorLevel: 0,
                wanted: WantedClasses(level: 31, prior: 0),
                words: { frame, found in
                    let bits = known(frame)
                    for index in 0..<found.count {
                        found[index] = bits >> UInt64(index) & 1 == 1 ? 1 << 10 : 0
                    }
                    return bits
                }, isStopped: { false })
        }
        let part = try select { $0 == 0 ? 0 : .max }
        #expect(part.untoldCount == 64)
        #expect(part.dumpedCount == 64)
        #expect(part.appliedLevel == 0)
        #expect(part.partialLevel == 30)
        #expect((0..<64).allSatisfy { part.flagWords[$0] == PageFlags.untold })
        let none = try select { _ in 0 }
        #expect(none.untoldCount == 850)
        #expect(none.tally.present.reduce(0, +) == 850)
        let all = try select { _ in .max }
        #expect(all.dumpedCount == 0)
        #expect(all.appliedLevel == 30)
        #expect(all.partialLevel == 0)
    }

    @Test("Memory of virtual machines that a live dump has kept is left out when that is asked for")
    func guests() throws {
        let place = DumpPlace("guestsKept")
        let other = DumpPlace("guestsGone")
        defer { remove(place, other) }
        var report = report(.complete, level: 26)
        report.includesGuestPages = true
        let words = words().mapValues { $0 >> 12 & 1 == 1 ? $0 | PageFlags.guest : $0 }
        try write(place, report: report, words: words, level: 26)
        #expect(try convert(place, other).level == 26)
        #expect(try other.source().kernel.ownReport?.includesGuestPages == true)
        #expect(readPage(try other.source().makeReader(), 8) == memory.page(8))
        let outcome = try convert(place, other, options(8))
        #expect(outcome.level == 26)
        #expect(outcome.lacks == [])
        let source = try other.source()
        #expect(source.kernel.ownReport?.includesGuestPages == false)
        let reader = try source.makeReader()
        #expect(readPage(reader, 8) == nil)
        #expect(readPage(reader, 9) == memory.page(9))
    }

    @Test("Without words a kept virtual machine cannot be left out, which is said")
    func guestsUntold() throws {
        let place = DumpPlace("guestsUntold")
        let other = DumpPlace("guestsUntoldOther")
        defer { remove(place, other) }
        var report = report(.complete, level: 26)
        report.includesGuestPages = true
        try write(place, .elf, report: report, level: 26)
        #expect(throws: LiveDumpError.self) { try convert(place, other, options(8)) }
        report.kind = .stacks
        try write(place, .elf, report: report, level: 26)
        #expect(try convert(place, other, options(8)).lacks == [])
    }

    @Test("A dump without notes of processors makes none in the output known")
    func noProcessors() throws {
        let places = [DumpPlace("noProcA"), DumpPlace("noProcB"), DumpPlace("noProcC")]
        defer { for item in places { remove(item) } }
        let note = ELFNote(name: "VMCOREINFO", type: 0, descriptor: DumpSamples.vmcoreInfo)
        try Data(DumpSamples.elf(notes: note.encoded))
            .write(to: URL(fileURLWithPath: places[0].path))
        for step in 0..<2 {
            _ = try convert(places[step], places[step + 1])
            let source = try places[step + 1].source()
            // The format has no place for none: its readers refuse 0.
            #expect(source.header.processorCount == 1)
            let told = try DumpInspector.describe(FilePath(places[step + 1].path))
            #expect(told.processorCount == nil)
        }
    }

    @Test("A flattened file has the bitmaps that it claims, or is refused")
    func flattenedClaims() throws {
        let place = DumpPlace()
        let other = DumpPlace("flattenedClaimsOther")
        defer { remove(place, other) }
        try write(place)
        var bytes = try place.bytes()
        // max_mapnr_64 of the sub header: 2^33 page frames; and the blocks of their bitmaps.
        for (index, byte) in UInt64(1 << 33).littleEndianBytes.enumerated() {
            bytes[4096 + 96 + index] = byte
        }
        for (index, byte) in UInt64(1 << 19).littleEndianBytes[..<4].enumerated() {
            bytes[436 + index] = byte
        }
        var flat = Array("makedumpfile".utf8) + [UInt8](repeating: 0, count: 4084)
        for (start, content) in [(0, bytes[..<8192]), (5 << 30, bytes[..<1])] {
            for value in [start, content.count] {
                flat += (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            }
            flat += content
        }
        try Data(flat).write(to: URL(fileURLWithPath: other.path))
        let error = #expect(throws: LiveDumpError.self) { try other.source() }
        #expect(error?.obstacle.message.contains("is not all there") == true)
    }

    @Test("A dump of ours is filtered by the words beside its pages", arguments: [0, 2, 6, 8, 31])
    func filtered(level: Int) throws {
        let place = DumpPlace("filtered" + String(repeating: "x", count: level))
        let other = DumpPlace("to" + place.path.filter(\.isLetter))
        defer { remove(place, other) }
        try write(place)
        let outcome = try DumpConversion.run(
            input: FilePath(place.path), output: other.output(), options: options(level),
            control: DumpControl())
        #expect(outcome.result.isComplete)
        #expect(outcome.warnings == [])
        let source = try other.source()
        #expect(source.header.timeMicroseconds == 1_000_000)
        #expect(source.kernel.notes.count == 5)
        let reader = try source.makeReader()
        for (frame, word) in words() {
            let kind = PageClass.of(word: word)
            let isKept = kind.isKept(at: level) && !memory.holes.contains(frame)
            if readPage(reader, frame) != (isKept ? memory.page(frame) : nil) {
                Issue.record("page frame \(frame) differs")
                break
            }
        }
    }

    @Test("kdump to ELF and back gives the same pages")
    func thereAndBack() throws {
        let places = [DumpPlace("thereA"), DumpPlace("thereB"), DumpPlace("thereC")]
        defer { for item in places { remove(item) } }
        try write(places[0], report: report(.complete, level: 0), level: 0)
        for step in 0..<2 {
            let outcome = try DumpConversion.run(
                input: FilePath(places[step].path), output: places[step + 1].output(),
                options: options(0, step == 0 ? .elf : .kdump), control: DumpControl())
            #expect(outcome.result.isComplete)
        }
        let first = try places[0].source().makeReader()
        let last = try places[2].source().makeReader()
        for frame in words().keys where frame != 7 {
            #expect(readPage(first, frame) == readPage(last, frame))
        }
        #expect(try places[2].source().kernel.uts[2] == "6.1.0")
    }

    @Test("A flattened file reads as the file that it stands for")
    func flattened() throws {
        let place = DumpPlace()
        let other = DumpPlace("flattenedOther")
        defer { remove(place, other) }
        try write(place)
        let bytes = try place.bytes()
        var flat = Array("makedumpfile".utf8) + [UInt8](repeating: 0, count: 4084)
        func piece(_ range: Range<Int>, _ content: ArraySlice<UInt8>) {
            for value in [range.lowerBound, range.count] {
                flat += (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            }
            flat += content
        }
        // The start comes twice: first as rubbish, at the end as it is to be.
        piece(0..<5000, ArraySlice(repeating: 0xAA, count: 5000))
        var at = 4096
        while at < bytes.count {
            let end = min(bytes.count, at + 30_000)
            piece(at..<end, bytes[at..<end])
            at = end
        }
        piece(0..<4096, bytes[..<4096])
        flat += [UInt8](repeating: 0xFF, count: 16)
        try Data(flat).write(to: URL(fileURLWithPath: other.path))
        let whole = try place.source().makeReader()
        let reader = try other.source().makeReader()
        for frame in words().keys { #expect(readPage(reader, frame) == readPage(whole, frame)) }
    }

    @Test("Of pieces that overlap the later one counts")
    func pieces() {
        let pieces: [DumpFile.Segment] = [
            .init(start: 0, byteCount: 100, place: 1000),
            .init(start: 50, byteCount: 10, place: 2000),
            .init(start: 90, byteCount: 30, place: 3000),
            .init(start: 300, byteCount: 5, place: 4000),
        ]
        #expect(
            DumpFile.resolve(pieces) == [
                .init(start: 0, byteCount: 50, place: 1000),
                .init(start: 50, byteCount: 10, place: 2000),
                .init(start: 60, byteCount: 30, place: 1060),
                .init(start: 90, byteCount: 30, place: 3000),
                .init(start: 300, byteCount: 5, place: 4000),
            ])
    }

    @Test(
        "A damaged dump gives what it has, or an error", arguments: LiveDumpOptions.Format.allCases)
    func damaged(format: LiveDumpOptions.Format) throws {
        let place = DumpPlace("damaged\(format)")
        let other = DumpPlace("damagedOther\(format)")
        defer { remove(place, other) }
        try write(place, format)
        let bytes = try place.bytes()
        var random: UInt64 = 99
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: (random >> 33) % UInt64(limit))
        }
        // Where the tables are, every eighth byte; elsewhere by chance; and cuts.
        let front = format == .kdump ? 8192 + 4096 * 2 + 512 : 512
        for step in 0..<200 {
            var copy = bytes
            switch step % 4 {
            case 0: copy[next(front)] ^= UInt8(1 << next(8))
            case 1: copy[next(512)] = 0xFF
            case 2: copy[next(copy.count)] ^= UInt8(1 + next(255))
            default: copy.removeLast(next(copy.count))
            }
            try Data(copy).write(to: URL(fileURLWithPath: place.path))
            _ = try? readAll(place)
        }
    }

    private func readAll(_ place: DumpPlace) throws {
        let file = try DumpFile(path: FilePath(place.path))
        let source: any MemorySource
        if let kdump = try? KdumpSource(file) {
            source = kdump
        } else {
            source = try ELFCoreSource(file)
        }
        let reader = try source.makeReader()
        for range in source.ranges.prefix(20) {
            for frame
                in (range.physicalAddress / 4096)..<min(
                    range.end / 4096, range.physicalAddress / 4096 + 50)
            { _ = readPage(reader, frame) }
        }
    }
}
