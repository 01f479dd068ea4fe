/// Lines in the language man(7), escaped, with no more than 78 characters where text allows it.
struct RoffText {
    private(set) var text = ""

    /// A line that begins with a request: `PP`, `nf`.
    mutating func request(_ words: String) { text += ".\(words)\n" }

    /// The beginning of a section.
    mutating func section(_ title: String) { text += ".SH \(Self.prose(title))\n" }

    /// A line that is escaped already.
    mutating func line(_ line: String) { text += Self.safe(line) + "\n" }

    /// Something with a name: the name stands alone, what it means below it and further in.
    mutating func entry(_ tag: String, _ meaning: String) {
        request("TP")
        line(tag)
        paragraph(meaning.isEmpty ? " " : meaning)
    }

    /// Text, a line for each sentence, and more where one is long.
    mutating func paragraph(_ prose: String) {
        var current = ""
        var isEmpty = true
        for word in prose.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let escaped = Self.prose(String(word))
            isEmpty = false
            if !current.isEmpty, current.count + escaped.count + 1 > 78 {
                line(current)
                current = ""
            }
            current += (current.isEmpty ? "" : " ") + escaped
            let bare = word.last == ")" || word.last == "\"" ? word.dropLast() : word[...]
            if bare.last == ".", bare.count > 1, !bare.hasSuffix("..") {
                line(current)
                current = ""
            }
        }
        if isEmpty { line("\\&") } else if !current.isEmpty { line(current) }
    }

    /// No line of text is taken for a request.
    private static func safe(_ line: String) -> String {
        line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }

    /// Text as it is typed: every hyphen is one, and not the end of a syllable.
    static func literal(_ text: String) -> String {
        escape(text, hyphens: true)
    }

    /// Running text; the hyphens of a word that looks like an option are those that are typed.
    static func prose(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let bare = word.drop { $0 == "(" || $0 == "\"" || $0 == "[" }
            return escape(String(word), hyphens: bare.hasPrefix("-") || bare.contains("/"))
        }.joined(separator: " ")
    }

    private static func escape(_ text: String, hyphens: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-" where hyphens: result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += " "
            case _ where scalar.value > 0x7E:
                result += "\\[u\(hexadecimal(scalar.value))]"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
