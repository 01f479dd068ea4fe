/// What the place that progress is written to can show.
public struct TerminalTraits: Hashable, Sendable {
    /// Whether it is a terminal that can move its cursor.
    public var canMoveCursor: Bool
    /// Whether colours are wanted.
    public var usesColour: Bool
    /// Whether it shows UTF-8; if not, only ASCII is written.
    public var usesUnicode: Bool
    /// Its width in cells; 0 counts as 80.
    public var columns: Int
    /// Its height in lines; 0 counts as 24.
    public var rows: Int

    /// Traits as given.
    public init(
        canMoveCursor: Bool, usesColour: Bool, usesUnicode: Bool, columns: Int, rows: Int
    ) {
        self.canMoveCursor = canMoveCursor
        self.usesColour = usesColour
        self.usesUnicode = usesUnicode
        self.columns = columns
        self.rows = rows
    }

    /// Traits from what a program knows at its start.
    ///
    /// `TERM` unset or `dumb` means no cursor movement and no colour; `NO_COLOR`, when not empty,
    /// no colour (https://no-color.org); the first not empty of `LC_ALL`, `LC_CTYPE` and `LANG`
    /// says whether the encoding is UTF-8 (POSIX.1-2017, Base Definitions, section 8.2).
    ///
    /// - Parameters:
    ///   - isTerminal: What `isatty` says of the descriptor.
    ///   - environment: The environment's variables by name.
    ///   - columns: The terminal's width in cells, 0 when unknown.
    ///   - rows: The terminal's height in lines, 0 when unknown.
    public init(isTerminal: Bool, environment: [String: String], columns: Int, rows: Int) {
        let kind = environment["TERM"] ?? ""
        canMoveCursor = isTerminal && !kind.isEmpty && kind != "dumb"
        usesColour = canMoveCursor && (environment["NO_COLOR"] ?? "").isEmpty
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let letters = locale.lowercased()
        usesUnicode = letters.contains("utf-8") || letters.contains("utf8")
        self.columns = columns
        self.rows = rows
    }
}
