/// What a program wrote to standard error, for a person and for us.
struct ToolComplaint: Hashable, Sendable {
    /// What it said, in one line; empty when nothing.
    private let words: String
    /// The lines for programs, as gpg and gpgv write them. Source: GnuPG, doc/DETAILS, "Format of
    /// the --status-fd output".
    private let statuses: [String]
    private let program: String

    /// - Parameters:
    ///   - program: its name.
    ///   - bytes: what it wrote.
    init(of program: String, _ bytes: [UInt8]) {
        self.program = program
        let mark = "[GNUPG:] "
        var words = [String]()
        var statuses = [String]()
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        for line in lines {
            if line.hasPrefix(mark) {
                statuses.append(String(line.dropFirst(mark.count)))
                continue
            }
            var text = String(line)
            for prefix in ["\(program): ", "error: "] where text.hasPrefix(prefix) {
                text.removeFirst(prefix.count)
            }
            // Age ends every message with where to report it.
            if text.hasPrefix("report unexpected or unhelpful errors") { continue }
            words.append(text)
        }
        self.words = words.suffix(8).joined(separator: "; ")
        self.statuses = statuses
    }

    /// What it said, with its name; `fallback` when it said nothing.
    func text(or fallback: String) -> String { "\(program): \(words.isEmpty ? fallback : words)" }

    /// Whether it said `text`.
    func says(_ text: String) -> Bool { words.contains(text) }

    /// What stands behind the status `name`, once for each time; `[]` when it did not come.
    func status(_ name: String) -> [String] {
        statuses.compactMap { line in
            if line == name { return "" }
            return line.hasPrefix(name + " ") ? String(line.dropFirst(name.count + 1)) : nil
        }
    }
}
