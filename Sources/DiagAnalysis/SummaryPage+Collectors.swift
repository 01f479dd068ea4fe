internal import DiagModel

extension SummaryPage {
    /// The table of how each collector ended, with the reason under a row that has one.
    static func table(of reports: [CollectorReport], on page: inout PageText) {
        guard !reports.isEmpty else { return }
        page.heading("Collectors", underline: "-")
        let titles = ["Collector", "Outcome", "Artifacts", "Stored", "Seconds"]
        let rows = reports.map { report in
            [
                DisplayText.cut(page.safe(report.collector, limit: 100), toCells: 30),
                words(for: report.outcome), String(report.artifactCount),
                ByteCountText.describe(report.byteCount), tenths(report.seconds),
            ]
        }
        let widths = titles.indices.map { column in
            ([titles] + rows).reduce(0) { max($0, DisplayText.cellCount(of: $1[column])) }
        }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(
                    repeating: " ", count: max(0, widths[column] - DisplayText.cellCount(of: cell)))
                line += (column == 0 ? "" : "  ") + (column < 2 ? cell + padding : padding + cell)
            }
            return line
        }
        page.line(line(titles))
        for (report, row) in zip(reports, rows) {
            page.line(line(row))
            if let reason = report.reason { page.paragraph(reason, indent: "    ") }
        }
        tellOrigins(of: reports, on: &page)
    }

    /// Says where those come from that are not built in, first of those that took the place of one
    /// of the program's.
    private static func tellOrigins(of reports: [CollectorReport], on page: inout PageText) {
        let builtIn = CollectorReport.builtIn
        let added = reports.filter { ($0.origin ?? builtIn) != builtIn }
        guard !added.isEmpty else { return }
        page.line("")
        let sorted =
            added.filter { $0.replacesBuiltIn == true }
            + added.filter { $0.replacesBuiltIn != true }
        for report in sorted.prefix(mostEntries) {
            let replaces = report.replacesBuiltIn == true ? ", in place of the program's" : ""
            page.paragraph(
                "\(report.collector): of \(report.origin ?? builtIn)\(replaces)", later: "  ",
                limit: 5000)
        }
        page.rest(sorted.count - mostEntries, in: "manifest.json")
    }

    private static func words(for outcome: CollectorReport.Outcome) -> String {
        switch outcome {
        case .complete, .failed, .crashed, .garbled, .abandoned, .interrupted: outcome.rawValue
        case .overBudget: "over budget"
        case .timedOut: "timed out"
        }
    }

    /// Seconds with one decimal, rounded down, from 0 to a million.
    private static func tenths(_ seconds: Double) -> String {
        let tenths = seconds >= 1e6 ? 10_000_000 : seconds > 0 ? Int(seconds * 10 + 1e-9) : 0
        return "\(tenths / 10).\(tenths % 10)"
    }
}
