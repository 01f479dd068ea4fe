/// A terminal as far as progress bars need one: a grid with a cursor, CR, LF, CSI A, K, J and m.
/// Whatever else would change the screen is written down as a fault.
struct ScreenEmulator {
    private(set) var columns: Int
    private(set) var rows: Int
    private(set) var scrollback = [String]()
    /// Cells hold a character with its marks; the second half of a wide one is empty.
    private var grid: [[String]]
    private var row = 0
    private var column = 0
    private(set) var faults = [String]()
    private(set) var highlighted = [String]()

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        grid = Array(repeating: [], count: rows)
    }

    /// Every line that can be read: what scrolled away, then the screen; empty ends left out.
    var lines: [String] {
        var lines = scrollback + grid.map(Self.text)
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The lines of the screen above the cursor.
    var linesAboveCursor: [String] { grid[..<row].map(Self.text) }
    var cursorColumn: Int { column }

    private static func text(_ cells: [String]) -> String {
        var text = cells.joined()
        while text.last == " " { text.removeLast() }
        return text
    }

    mutating func write(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            faults.append("not UTF-8")
            return
        }
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n": lineFeed()
            case "\u{1B}": control(&scalars)
            default:
                if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                    faults.append("control character \(scalar.value)")
                } else {
                    put(scalar)
                }
            }
        }
    }

    private mutating func lineFeed() {
        if row < rows - 1 {
            row += 1
        } else {
            scrollback.append(Self.text(grid.removeFirst()))
            grid.append([])
        }
    }

    private mutating func control(_ scalars: inout ArraySlice<Unicode.Scalar>) {
        guard scalars.popFirst() == "[" else {
            faults.append("escape sequence that is no CSI")
            return
        }
        var parameter = ""
        while let scalar = scalars.first, ("0"..."9").contains(scalar) || scalar == ";" {
            parameter.unicodeScalars.append(scalars.removeFirst())
        }
        switch scalars.popFirst() {
        case "A": row = max(0, row - (Int(parameter) ?? 1))
        case "K": grid[row] = Array(grid[row].prefix(column))
        case "J":
            grid[row] = Array(grid[row].prefix(column))
            for below in (row + 1)..<max(row + 1, rows) { grid[below] = [] }
        case "m": highlighted.append(parameter)
        case let final: faults.append("CSI \(parameter)\(String(describing: final))")
        }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        let width = Self.width(scalar)
        if width == 0 {
            if column > 0, grid[row].count >= column {
                var place = column - 1
                while place > 0, grid[row][place].isEmpty { place -= 1 }
                grid[row][place].unicodeScalars.append(scalar)
            }
            return
        }
        if column + width > columns { faults.append("wrapped in row \(row)") }
        while grid[row].count < column + width { grid[row].append(" ") }
        grid[row][column] = String(scalar)
        if width == 2 { grid[row][column + 1] = "" }
        column += width
    }

    /// What a terminal takes for the characters of these tests.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x300...0x36F, 0x200D: 0
        case 0x3040...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0x1F300...0x1FAFF: 2
        default: 1
        }
    }

    /// Changes the size. Long lines are cut off, or, with `folding`, go on in the next line as in
    /// terminals that keep them.
    mutating func resize(columns: Int, rows: Int, folding: Bool) {
        var lines = grid[...row].map { [$0] }
        let below = grid[(row + 1)...]
        if folding {
            lines = lines.map { line in
                guard var rest = line.first.map({ $0[...] }), rest.count > columns else {
                    return line
                }
                var parts = [[String]]()
                while !rest.isEmpty {
                    parts.append(Array(rest.prefix(columns)))
                    rest = rest.dropFirst(columns)
                }
                return parts
            }
        }
        var flat = lines.flatMap(\.self).map { Array($0.prefix(columns)) }
        while flat.count > rows { scrollback.append(Self.text(flat.removeFirst())) }
        row = flat.count - 1
        column = min(column, columns - 1)
        flat += below.map { Array($0.prefix(columns)) }
        grid = Array(flat.prefix(rows))
        while grid.count < rows { grid.append([]) }
        self.columns = columns
        self.rows = rows
    }
}
