internal import DiagModel

/// The part of ``DumpPage`` that tells where the time of making a dump went.
enum DumpTimes {
    /// A file may claim any number of them.
    private static let mostRows = 64

    /// Two tables: the steps, which sum to the whole, and the stages, with their rates. A line that
    /// says so where nothing tells.
    static func lines(_ dump: DumpDescription) -> [String] {
        let steps = (dump.steps ?? []).prefix(mostRows)
        let stages = (dump.stages ?? []).prefix(mostRows)
        guard !steps.isEmpty || !stages.isEmpty else {
            return ["", "Where the time went is not told: neither by the file nor beside it."]
        }
        return table(of: steps) + table(of: stages)
    }

    private static func table(of steps: ArraySlice<LiveDumpReport.Step>) -> [String] {
        guard !steps.isEmpty else { return [] }
        let whole = steps.reduce(0) { $0 + $1.seconds }
        var table = TextTable([
            .init("Step"), .init("Seconds", alignment: .right), .init("Share", alignment: .right),
        ])
        func append(_ name: String, _ seconds: Double) {
            let share = whole > 0 ? decimal(seconds / whole * 100, places: 1) + " %" : ""
            table.append([name, decimal(seconds, places: 3), share])
        }
        for step in steps { append(cut(step.name), step.seconds) }
        append("all", whole)
        return [""] + table.lines()
    }

    private static func table(of stages: ArraySlice<LiveDumpReport.Stage>) -> [String] {
        guard !stages.isEmpty else { return [] }
        var table = TextTable([
            .init("Stage, all threads"), .init("Pages", alignment: .right),
            .init("Seconds", alignment: .right), .init("Pages a second", alignment: .right),
        ])
        for stage in stages {
            let rate = Double(stage.pages) / stage.threadSeconds
            table.append([
                cut(stage.name), String(stage.pages), decimal(stage.threadSeconds, places: 3),
                rate.isFinite ? decimal(rate, places: 0) : "",
            ])
        }
        return [""] + table.lines()
    }

    /// A number that is not negative with `places` digits behind the point; one that no dump has is
    /// cut, and what is no number is 0: the share in a sum that is too large for one.
    private static func decimal(_ value: Double, places: Int) -> String {
        let factor = (0..<places).reduce(Int64(1)) { product, _ in product * 10 }
        let known = value.isNaN ? 0 : max(0, min(value, 1e12))
        let scaled = Int64((known * Double(factor)).rounded())
        guard places > 0 else { return String(scaled) }
        let rest = String(scaled % factor)
        let zeros = String(repeating: "0", count: places - rest.utf8.count)
        return "\(scaled / factor).\(zeros)\(rest)"
    }

    /// A name as long as any of ours; the table escapes it.
    private static func cut(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(40)))
    }
}
