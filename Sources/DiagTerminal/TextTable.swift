internal import DiagModel

/// Rows of text in aligned columns, for `list` and `config show`.
public struct TextTable: Hashable, Sendable {
    /// On which side of its column a cell stands.
    public enum Alignment: Hashable, Sendable {
        /// Text.
        case left
        /// Numbers.
        case right
    }

    /// One column.
    public struct Column: Hashable, Sendable {
        /// What stands above it.
        public var title: String
        /// On which side its cells stand.
        public var alignment: Alignment
        /// Whether its cells may be cut when the table is too wide.
        public var isFlexible: Bool

        /// A column with its title.
        public init(_ title: String, alignment: Alignment = .left, isFlexible: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isFlexible = isFlexible
        }
    }

    /// The columns, from the left.
    public let columns: [Column]
    /// The rows; of one that is too long the rest is not shown, one too short is filled up.
    public private(set) var rows = [[String]]()

    /// An empty table.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row, one text for each column, as it came: escaping is the table's work.
    public mutating func append(_ row: [String]) { rows.append(row) }

    /// Lays the table out, with two spaces between columns and none at the end of a line.
    ///
    /// - Parameters:
    ///   - width: The most cells of a line; flexible columns are cut to it, the widest first and
    ///     to no less than 8, then the line. Nothing is cut without it.
    ///   - usesUnicode: Whether more than ASCII can be shown.
    /// - Returns: The titles, then a line for each row.
    public func lines(width: Int? = nil, usesUnicode: Bool = true) -> [String] {
        let text = ShownText(usesUnicode: usesUnicode)
        let cells = ([columns.map(\.title)] + rows).map { row in
            columns.indices.map { $0 < row.count ? text.escape(row[$0]) : "" }
        }
        var widths = columns.indices.map { column in
            cells.reduce(0) { max($0, DisplayText.cellCount(of: $1[column])) }
        }
        if let width { shrink(&widths, to: width) }
        return cells.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let cut = text.cut(cell, to: widths[column])
                let padding = String(
                    repeating: " ", count: max(0, widths[column] - DisplayText.cellCount(of: cut)))
                line += column == 0 ? "" : "  "
                line += columns[column].alignment == .left ? cut + padding : padding + cut
            }
            while line.last == " " { line.removeLast() }
            return width.map { text.cut(line, to: max($0, 1)) } ?? line
        }
    }

    /// Takes what is too much from the flexible columns, always from the widest.
    private func shrink(_ widths: inout [Int], to width: Int) {
        let gaps = 2 * max(0, widths.count - 1)
        var excess = widths.reduce(gaps, +) - width
        while excess > 0 {
            let flexible = widths.indices.filter { columns[$0].isFlexible && widths[$0] > 8 }
            guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { return }
            let next = flexible.filter { widths[$0] < widths[widest] }.map { widths[$0] }.max() ?? 8
            let cut = min(excess, max(1, widths[widest] - max(next, 8)))
            widths[widest] -= cut
            excess -= cut
        }
    }
}
