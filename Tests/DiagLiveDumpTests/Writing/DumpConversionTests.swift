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

    private func write(_ place: DumpPlace, _ format: LiveDumpOptions.Format = .kdump) throws {
        var options = DumpWriterOptions(started: Timestamp(microsecondsSince1970: 1_000_000))
        options.format = format
        options.threadCount = 1
        _ = try DumpWriter.write(
            memory, InventedSelection(memory, words: words()),
            notes: .live(
                kernel: memory.kernel, processors: memory.processorNotes, format: format,
                mark: Array("{}".utf8)), options: options, to: place.output(),
            control: DumpControl())
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
        try write(places[0])
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
