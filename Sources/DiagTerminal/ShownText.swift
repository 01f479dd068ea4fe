internal import DiagModel

/// Makes text from the host fit to be shown, for one kind of terminal.
struct ShownText: Hashable, Sendable {
    let usesUnicode: Bool

    /// What stands for something cut away.
    var cutMark: String { usesUnicode ? "…" : "..." }

    /// The first `limit` scalars of `text` with controls escaped, and all but ASCII too where the
    /// terminal shows no more.
    func escape(_ text: String, limit: Int = 2000) -> String {
        let start = text.unicodeScalars.prefix(limit)
        let isCut = start.endIndex != text.unicodeScalars.endIndex
        let safe = UntrustedText.escapingControls(String(start)) + (isCut ? cutMark : "")
        guard !usesUnicode, safe.unicodeScalars.contains(where: { !$0.isASCII }) else {
            return safe
        }
        var ascii = ""
        for scalar in safe.unicodeScalars {
            if scalar.isASCII {
                ascii.unicodeScalars.append(scalar)
            } else {
                ascii += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return ascii
    }

    /// Already escaped text, cut at its end to `cells`.
    func cut(_ text: String, to cells: Int) -> String {
        DisplayText.cut(text, toCells: cells, mark: cutMark)
    }

    /// Already escaped text, cut at its front to `cells`.
    func cutFront(_ text: String, to cells: Int) -> String {
        DisplayText.cutFront(text, toCells: cells, mark: cutMark)
    }

    /// `12/40 files`, `1.0 MiB of 12.3 MiB`, `12 files`; `nil` when nothing is counted.
    func amount(done: Int64, total: Int64?, unit: String?) -> String? {
        if unit == "bytes" {
            let passed = ByteCountText.describe(done)
            return total.map { "\(passed) of \(ByteCountText.describe($0))" } ?? passed
        }
        let name = unit.map { " " + escape($0, limit: 40) } ?? ""
        if let total { return "\(done)/\(total)\(name)" }
        return done == 0 ? nil : "\(done)\(name)"
    }

    /// Whole percent of `done` in `total`, rounded down; `nil` when there is no such part.
    static func percent(_ done: Int64, of total: Int64?) -> Int? {
        guard let total, total > 0, done >= 0 else { return nil }
        return percent(Double(done) / Double(total))
    }

    /// Whole percent, rounded down, from 0 to 100; what is not a number is 0.
    static func percent(_ fraction: Double) -> Int {
        // The sum keeps 0.29, which is less in binary, at 29.
        fraction >= 1 ? 100 : fraction > 0 ? min(100, Int(fraction * 100 + 1e-9)) : 0
    }
}
