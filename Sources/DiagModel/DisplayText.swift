/// Text measured in the cells of a terminal, to be cut or folded without ever being too wide.
///
/// Terminals differ in how they draw emoji sequences. Where they do, the larger width counts, so
/// a text cut to a number of cells takes that many or fewer.
public enum DisplayText {
    /// How many cells `scalar` takes: 0, 1 or 2. A control character counts 1; escape it before.
    ///
    /// Source: Unicode Standard Annex 11, East_Asian_Width W and F, with whole blocks where the
    /// rest of the block is unassigned; ambiguous counts 1.
    public static func cellCount(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return 1 }
        switch value {
        case 0x200B...0x200D, 0x2060, 0xFE00...0xFE0E, 0xFEFF, 0xE0100...0xE01EF: return 0
        case 0xFE0F: return 1  // Asks for the emoji form of a narrow character: one cell more.
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D376,
            0x1F1E6...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            return isMark(scalar) ? 0 : 2
        default: break
        }
        if isMark(scalar) { return 0 }
        return scalar.properties.isEmojiPresentation ? 2 : 1
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: false
        }
    }

    /// How many cells `text` takes, at most.
    public static func cellCount(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + cellCount(of: $1) }
    }

    /// `text`, or as much of its start as fits into `cells` together with `mark`.
    ///
    /// More than four marks without width in a row are left out, so that the result is short in
    /// bytes too. Of a text that is cut, no more is read than is needed.
    public static func cut(_ text: String, toCells cells: Int, mark: String = "…") -> String {
        guard cells > 0 else { return "" }
        let mark = cellCount(of: mark) <= cells ? mark : ""
        let markCells = cellCount(of: mark)
        var kept = String.UnicodeScalarView()
        var used = 0
        var whole = String.UnicodeScalarView()
        var zeros = 0
        for scalar in text.unicodeScalars {
            let width = cellCount(of: scalar)
            zeros = width == 0 ? zeros + 1 : 0
            if zeros > 4 { continue }
            if used + width > cells {
                return String(kept) + mark
            }
            used += width
            whole.append(scalar)
            if used + markCells <= cells { kept.append(scalar) }
        }
        return String(whole)
    }

    /// `text`, or as much of its end as fits into `cells` after `mark`: for paths.
    public static func cutFront(_ text: String, toCells cells: Int, mark: String = "…") -> String {
        guard cells > 0 else { return "" }
        let markCells = cellCount(of: mark)
        let scalars = text.unicodeScalars
        var start = scalars.endIndex
        var keptStart = scalars.endIndex
        var used = 0
        while start > scalars.startIndex {
            let before = scalars.index(before: start)
            let width = cellCount(of: scalars[before])
            if used + width > cells {
                guard markCells <= cells else { return "" }
                return mark + limitingMarks(scalars[keptStart...])
            }
            used += width
            start = before
            if used + markCells <= cells { keptStart = before }
        }
        return limitingMarks(scalars[...])
    }

    private static func limitingMarks(_ scalars: Substring.UnicodeScalarView) -> String {
        var kept = String.UnicodeScalarView()
        var zeros = 0
        for scalar in scalars {
            zeros = cellCount(of: scalar) == 0 ? zeros + 1 : 0
            if zeros <= 4 { kept.append(scalar) }
        }
        return String(kept)
    }

    /// How many cells `scalars` take; `nil` for more than `limit`, found without reading on.
    private static func cellCount(
        of scalars: Substring.UnicodeScalarView, atMost limit: Int
    ) -> Int? {
        var cells = 0
        for scalar in scalars {
            cells += cellCount(of: scalar)
            if cells > limit { return nil }
        }
        return cells <= limit ? cells : nil
    }

    /// `text` in lines of at most `cells`, broken at spaces, longer words in their middle.
    ///
    /// - Parameters:
    ///   - text: One paragraph without control characters; runs of spaces count as one.
    ///   - cells: The width of a line, its indent included; less than 10 counts as 10.
    ///   - first: What the first line begins with, at most `cells` - 4 of it.
    ///   - later: What the other lines begin with, likewise.
    ///   - limit: The most lines, at least 1; what is left over is cut with `mark`.
    ///   - mark: Shows that something was cut.
    /// - Returns: At least one line.
    public static func fold(
        _ text: String, toCells cells: Int, first: String = "", later: String = "",
        limit: Int = .max, mark: String = "…"
    ) -> [String] {
        let width = max(cells, 10)
        let laterIndent = cut(later, toCells: width - 4, mark: "")
        let laterCells = cellCount(of: laterIndent)
        var lines = [String]()
        var line = cut(first, toCells: width - 4, mark: "")
        var used = cellCount(of: line)
        var isStart = true
        func end() {
            lines.append(line)
            line = laterIndent
            used = laterCells
            isStart = true
        }
        for part in text.split(separator: " ") {
            let marked = limitingMarks(part.unicodeScalars)
            var word = Substring(marked).unicodeScalars
            while !word.isEmpty, lines.count <= limit {
                let gap = isStart ? 0 : 1
                if let wordCells = cellCount(of: word, atMost: width - used - gap) {
                    line += (isStart ? "" : " ") + String(word)
                    used += gap + wordCells
                    isStart = false
                    break
                }
                guard isStart else {
                    end()
                    continue
                }
                while let scalar = word.first, used + cellCount(of: scalar) <= width {
                    used += cellCount(of: scalar)
                    line.unicodeScalars.append(scalar)
                    word = word.dropFirst()
                }
                end()
            }
            if lines.count > limit { break }
        }
        if !isStart || lines.isEmpty { end() }
        let most = max(limit, 1)
        guard lines.count > most else { return lines }
        let joined = lines[most - 1] + " " + lines[most] + String(repeating: " ", count: width)
        return lines[..<(most - 1)] + [cut(joined, toCells: width, mark: mark)]
    }
}
