import DiagModel
import Testing

@Suite("Text in cells")
struct DisplayTextTests {
    @Test(
        "Cells are counted as a terminal draws them, at most",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("ｱ", 1), ("Ａ", 2),
            ("✔", 1), ("❤\u{FE0F}", 2), ("👩", 2), ("👩\u{200D}💻", 4), ("🇩🇪", 4), ("\u{200B}", 0),
        ])
    func cellCount(text: String, cells: Int) {
        #expect(DisplayText.cellCount(of: text) == cells)
    }

    @Test(
        "A text is cut only when it does not fit",
        arguments: [
            ("abcdef", 6, "abcdef", "abcdef"), ("abcdef", 5, "abcd…", "…cdef"),
            ("abc", 1, "…", "…"),
            ("abc", 0, "", ""), ("日本語", 6, "日本語", "日本語"), ("日本語", 5, "日本…", "…本語"),
            ("日本語", 4, "日…", "…語"), ("日本語", 2, "…", "…"), ("", 3, "", ""),
        ])
    func cut(text: String, cells: Int, start: String, end: String) {
        #expect(DisplayText.cut(text, toCells: cells) == start)
        #expect(DisplayText.cutFront(text, toCells: cells) == end)
    }

    @Test("A mark that does not fit is left out")
    func mark() {
        #expect(DisplayText.cut("abcdef", toCells: 2, mark: "...") == "ab")
        #expect(DisplayText.cutFront("abcdef", toCells: 2, mark: "...") == "")
    }

    @Test("Marks without width do not make a short text long")
    func stackedMarks() {
        let text = "a" + String(repeating: "\u{301}", count: 100_000) + "b"
        #expect(DisplayText.cut(text, toCells: 10).unicodeScalars.count == 6)
        #expect(DisplayText.cutFront(text, toCells: 10).unicodeScalars.count == 6)
        #expect(DisplayText.fold(text, toCells: 10).joined().unicodeScalars.count == 6)
    }

    @Test("Text is folded at spaces, long words in their middle, with hanging indents")
    func fold() {
        #expect(
            DisplayText.fold(
                "one two  three 日本語日本語 abcdefghijklmnopqrstuvwxyz end", toCells: 12, first: "- ",
                later: "  ")
                == [
                    "- one two", "  three", "  日本語日本", "  語", "  abcdefghij", "  klmnopqrst",
                    "  uvwxyz end",
                ])
        #expect(DisplayText.fold("", toCells: 12, first: "- ") == ["- "])
        #expect(DisplayText.fold("a b", toCells: -5, later: "very long indent") == ["a b"])
    }

    @Test("No more lines than asked for, and the last shows that there was more", arguments: 1...6)
    func limit(most: Int) {
        let text = String(repeating: "word ", count: 1000)
        let lines = DisplayText.fold(text, toCells: 20, limit: most)
        #expect(lines.count == most)
        #expect(lines.last == "word word word word…")
        #expect(lines.dropLast().allSatisfy { $0 == "word word word word" })
    }

    @Test("No line is wider than asked for, and no word is lost", arguments: 10...60)
    func never(width: Int) {
        let text =
            "The disk 日本語日本語日本語 gave abcdefghijklmnopqrstuvwxyz 1234567890 errors; e\u{301}e\u{301}"
        let lines = DisplayText.fold(text, toCells: width, later: "    ")
        #expect(lines.allSatisfy { DisplayText.cellCount(of: $0) <= width })
        let letters = lines.joined().filter { $0 != " " }
        #expect(letters == text.filter { $0 != " " })
    }

    @Test("A word of any length is folded in time that grows with it, not with its square")
    func longWord() {
        let lines = DisplayText.fold(String(repeating: "x", count: 300_000), toCells: 10)
        #expect(lines.count == 30_000)
        #expect(lines.last == "xxxxxxxxxx")
    }
}
