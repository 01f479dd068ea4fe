internal import DiagModel

extension SummaryPage {
    /// The most names of one collector.
    private static let mostWithheldNames = 5

    /// Tells what was left out by design, with the first names of each collector.
    static func listWithheld(of manifest: Manifest, on page: inout PageText) {
        let reports = manifest.reports.filter { $0.withheld?.isEmpty == false }
        guard !reports.isEmpty else { return }
        page.heading("Withheld", underline: "-")
        page.paragraph(manifest.withheld.sum.phrase + "; see manifest.json")
        for report in reports.prefix(mostEntries) {
            guard let withheld = report.withheld else { continue }
            let names = (withheld.files + withheld.commands).prefix(mostWithheldNames)
                .map { page.safe($0, limit: 200) }
            let more = withheld.count.total - names.count
            page.paragraph(
                "\(report.collector): \(withheld.count.words): " + names.joined(separator: ", ")
                    + (more > 0 ? " and \(more) more" : ""),
                first: "  - ", later: "    ", limit: 2000)
        }
        page.rest(reports.count - mostEntries, in: "manifest.json", indent: "  ")
    }
}
