import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("Dumps filtered by the kernel's map of pages")
struct PageMapConversionTests {
    private func remove(_ places: [DumpPlace]) {
        for place in places { try? FileManager.default.removeItem(atPath: place.path) }
    }

    private func convert(
        _ input: DumpPlace, _ output: DumpPlace, level: Int, _ format: LiveDumpOptions.Format
    ) throws -> DumpConversion.Outcome {
        var options = DumpConversion.Options(started: Timestamp(microsecondsSince1970: 5))
        options.level = level
        options.writing.format = format
        options.writing.threadCount = 1
        return try DumpConversion.run(
            input: FilePath(input.path), output: output.output(), options: options,
            control: DumpControl())
    }

    /// The words of 64 page frames, and which of them are known.
    private func words(
        _ place: DumpPlace, from frame: UInt64
    ) throws -> (known: UInt64, words: [UInt64]) {
        let source = try ELFCoreSource(path: FilePath(place.path))
        let map = try #require(PageMapWords(source.kernel, reader: source.makeReader()))
        var words = [UInt64](repeating: 0, count: 64)
        let known = words.withUnsafeMutableBufferPointer {
            map.words(from: frame, count: 64, into: $0)
        }
        return (known, words)
    }

    @Test("A whole map tells all pages")
    func whole() throws {
        let places = [DumpPlace("mapWholeA"), DumpPlace("mapWholeB")]
        defer { remove(places) }
        let memory = SyntheticPageMap()
        try memory.write(places[0])
        let outcome = try convert(places[0], places[1], level: 8, .kdump)
        #expect(outcome.lacks == [])
        #expect(outcome.level == 8)
        #expect(outcome.result.pagesWanted == SyntheticPageMap.frameCount - 228)
        let reader = try places[1].source().makeReader()
        #expect(readPage(reader, 130) == nil)
        #expect(readPage(reader, 299) == memory.page(299))
        #expect(readPage(reader, 300) == nil)
    }

    @Test("Linux 6.6 to 6.8 tell a huge page by a flag in its first tail")
    func hugePage() throws {
        let place = DumpPlace("mapHuge")
        defer { remove([place]) }
        let memory = SyntheticPageMap()
        try memory.write(place, ["NUMBER(PG_hugetlb)=8"])
        #expect(try words(place, from: 448).words.allSatisfy { PageClass.of(word: $0) == .user })
        #expect(try words(place, from: 384).words.last.map(PageClass.of(word:)) == .kernel)
        // The flag is another's where the kernel does not name it.
        try memory.write(place)
        #expect(try words(place, from: 448).words.allSatisfy { PageClass.of(word: $0) == .kernel })
    }

    @Test("A section without a map has none of its pages in use, unless no section has one")
    func absent() throws {
        let place = DumpPlace("mapAbsent")
        defer { remove([place]) }
        var memory = SyntheticPageMap()
        memory.setMap(nil, ofSection: 1)
        try memory.write(place)
        #expect(try words(place, from: 0).known == .max)
        #expect(try words(place, from: 256).known == .max)
        memory.setMap(nil, ofSection: 0)
        try memory.write(place)
        #expect(try words(place, from: 0).known == 0)
    }

    @Test("A map that reads as zeros tells nothing: nothing is written")
    func zeros() throws {
        let places = [DumpPlace("mapZerosA"), DumpPlace("mapZerosB")]
        defer { remove(places) }
        var memory = SyntheticPageMap()
        memory.clearSections()
        try memory.write(places[0])
        let error = #expect(throws: LiveDumpError.self) {
            try convert(places[0], places[1], level: 8, .kdump)
        }
        #expect(error?.obstacle.cause == .unsupported)
        #expect(error?.obstacle.message.contains("map of pages is not in the dump") == true)
        #expect(try places[1].bytes().isEmpty)
    }

    @Test(
        "What a part of the map did not tell is neither claimed nor forgotten",
        arguments: LiveDumpOptions.Format.allCases)
    func part(format: LiveDumpOptions.Format) throws {
        let places = ["A", "B", "C"].map { DumpPlace("mapPart\(format)\($0)") }
        defer { remove(places) }
        var memory = SyntheticPageMap()
        memory.removePartOfMap()
        try memory.write(places[0])
        for level in [8, 0] {
            let first = try convert(places[0], places[1], level: level, format)
            #expect(first.level == 0)
            #expect(
                first.lacks.map { $0.hasPrefix("256 of 512 pages were not left out") }
                    == (level == 0 ? [] : [true]))
            let again = try convert(places[1], places[2], level: 8, .kdump)
            #expect(again.level == 0)
            #expect(again.lacks.map { $0.hasPrefix("256 of ") } == [true])
            let source = try places[2].source()
            #expect(source.header.dumpLevel == 0)
            #expect(source.kernel.ownReport?.level == 0)
            #expect(source.kernel.ownReport?.partialLevel == 8)
            let reader = try source.makeReader()
            // No zeros stand for what was left out.
            #expect(readPage(reader, 130) == nil)
            #expect(readPage(reader, 5) == memory.page(5))
            #expect(readPage(reader, 100) == memory.page(100))
            #expect(readPage(reader, 300) == memory.page(300))
        }
    }

    @Test("Huge pages that cannot be told are not said to be left out, by a later filter either")
    func hidden() throws {
        let places = ["A", "B", "C"].map { DumpPlace("mapHidden\($0)") }
        defer { remove(places) }
        try SyntheticPageMap().write(places[0], ["NUMBER(HUGETLB_PAGE_DTOR)=2"])
        for level in [8, 0] {
            let first = try convert(places[0], places[1], level: level, .kdump)
            #expect(first.lacks.count == (level == 0 ? 0 : 1))
            let again = try convert(places[1], places[2], level: 8, .kdump)
            for outcome in [first, again] { #expect(outcome.level == 0) }
            #expect(again.lacks.map { $0.hasSuffix("stay if there are any") } == [true])
        }
    }

    @Test("In a dump of ours that is partial, a part of the map without bytes tells nothing")
    func partialDump() throws {
        let places = ["A", "B"].map { DumpPlace("mapPartial\($0)") }
        defer { remove(places) }
        var memory = SyntheticPageMap()
        memory.clearPartOfMap()
        try memory.write(places[0], mark: "{\"outcome\": \"partial\", \"level\": 0}")
        let outcome = try convert(places[0], places[1], level: 8, .kdump)
        #expect(outcome.level == 0)
        #expect(outcome.lacks.map { $0.hasPrefix("256 of 512 pages") } == [true])
        let reader = try places[1].source().makeReader()
        #expect(readPage(reader, 130) == nil)
        #expect(readPage(reader, 300) == memory.page(300))
    }
}
