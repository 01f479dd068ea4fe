internal import DiagModel

/// A page of plain text that grows line by line, none wider than 100 columns.
struct PageText {
    /// The columns of a line.
    static let width = 100

    /// What was written so far; each line ends with a newline.
    private(set) var text = ""

    /// The first `limit` scalars of `text` from the host, with control characters escaped.
    func safe(_ text: String, limit: Int) -> String {
        let start = text.unicodeScalars.prefix(limit)
        let isCut = start.endIndex != text.unicodeScalars.endIndex
        return UntrustedText.escapingControls(String(start)) + (isCut ? "..." : "")
    }

    /// Adds a line that needs no folding; spaces at its end are left out.
    mutating func line(_ line: String) {
        var line = line[...]
        while line.last == " " { line = line.dropLast() }
        text += line + "\n"
    }

    /// Adds a title with a line under it, after an empty line unless it is the first.
    mutating func heading(_ title: String, underline: Character) {
        if !text.isEmpty { text += "\n" }
        let title = DisplayText.cut(title, toCells: Self.width)
        line(title)
        line(String(repeating: underline, count: DisplayText.cellCount(of: title)))
    }

    /// Adds a name with its value, the values under each other.
    mutating func field(_ name: String, _ value: String) {
        let padding = String(repeating: " ", count: max(1, 18 - name.utf8.count))
        paragraph(value, first: name + padding, later: String(repeating: " ", count: 18))
    }

    /// Adds `value`, escaped, cut to `limit` scalars and folded.
    mutating func paragraph(
        _ value: String, first: String = "", later: String = "", limit: Int = 1000
    ) {
        let lines = DisplayText.fold(
            safe(value, limit: limit), toCells: Self.width, first: first, later: later)
        for folded in lines { line(folded) }
    }

    /// Adds `value` with all its lines behind `indent`.
    mutating func paragraph(_ value: String, indent: String, limit: Int = 1000) {
        paragraph(value, first: indent, later: indent, limit: limit)
    }

    /// Says that `count` more entries stand elsewhere; nothing for none.
    mutating func rest(_ count: Int, in file: String, indent: String = "") {
        if count > 0 { line("\(indent)and \(count) more: see \(file)") }
    }
}
