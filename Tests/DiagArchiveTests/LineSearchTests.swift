import DiagSystem
import Testing

@testable import DiagArchive

@Suite struct LineSearchTests {
    struct Line: Hashable {
        var number: Int64
        var text: String
    }

    /// Searches `bytes`, given in parts of `partByteCount`.
    static func lines(
        _ pattern: String, _ bytes: [UInt8], partByteCount: Int, most: Int = .max
    ) throws -> (lines: [Line], count: Int64) {
        var search = LineSearch(try LinePattern.compile(pattern), object: "t")
        var lines = [Line]()
        let found: LineSearch.Found = { number, line throws(ArchiveError) in
            var bytes = [UInt8]()
            bytes.append(copying: line)
            lines.append(Line(number: number, text: String(decoding: bytes, as: UTF8.self)))
            return lines.count < most
        }
        for start in stride(from: 0, to: bytes.count, by: partByteCount) {
            let end = min(start + partByteCount, bytes.count)
            try search.take(bytes.span.extracting(start..<end), found)
        }
        try search.finish(found)
        return (lines, search.count)
    }

    static let text = "one\ntwo x\n\nthree\nx\nlast x"

    @Test("Lines are found with their numbers, however the bytes are cut", arguments: 1...25)
    func cut(partByteCount: Int) throws {
        let bytes = Array(Self.text.utf8)
        let found = try Self.lines("x", bytes, partByteCount: partByteCount)
        #expect(
            found.lines == [
                Line(number: 2, text: "two x"), Line(number: 5, text: "x"),
                Line(number: 6, text: "last x"),
            ])
        #expect(found.count == 3)
        let empty = try Self.lines("^$", bytes, partByteCount: partByteCount)
        #expect(empty.lines == [Line(number: 3, text: "")])
    }

    @Test("What matches over the end of a line is no match, and hides none")
    func overLineEnd() throws {
        let found = try Self.lines(
            "a[[:space:]]b", Array("a\nb a b\na\nb".utf8), partByteCount: 100)
        #expect(found.lines == [Line(number: 2, text: "b a b")])
    }

    @Test("An empty file has no line, and a line feed at the end begins none")
    func ends() throws {
        #expect(try Self.lines("", [], partByteCount: 1).lines == [])
        #expect(
            try Self.lines("", Array("a\n".utf8), partByteCount: 1).lines == [
                Line(number: 1, text: "a")
            ])
        #expect(
            try Self.lines("", Array("\n\n".utf8), partByteCount: 2).lines == [
                Line(number: 1, text: ""), Line(number: 2, text: ""),
            ])
    }

    @Test("It stops when enough was found", arguments: [1, 7, 1000])
    func enough(partByteCount: Int) throws {
        let found = try Self.lines(
            "x", Array(Self.text.utf8), partByteCount: partByteCount, most: 1)
        #expect(found.lines == [Line(number: 2, text: "two x")])
    }

    @Test("A very long line is searched in parts, counts once, and has one number")
    func long() throws {
        var bytes = Array("first\n".utf8)
        bytes += [UInt8](repeating: 0x61, count: 3 << 20)
        bytes[6] = 0x78
        bytes[bytes.count - 1] = 0x78
        bytes += Array("\nx\n".utf8)
        let found = try Self.lines("x", bytes, partByteCount: 256 << 10)
        #expect(found.lines.map(\.number) == [2, 2, 3])
        #expect(found.lines.allSatisfy { $0.text.utf8.count <= 1 << 20 })
        #expect(found.count == 2)
    }
}
