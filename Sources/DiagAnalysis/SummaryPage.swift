public import DiagModel

/// `summary.txt`: what a bundle says, on a page for a person.
///
/// Plain text of at most 100 columns. Everything from the host has its control characters escaped
/// and is bounded: of findings, of truncated artifacts, and of what is missing in each collector,
/// the first 20 stand here, of what each withheld the first five, the rest in `findings.json` and
/// `manifest.json`.
public enum SummaryPage {
    /// The most entries of each list.
    static let mostEntries = 20

    /// The page, with a newline at its end; `dump` is what became of a live dump, where one was
    /// asked for.
    ///
    /// It depends on nothing but these, so the same run gives the same page.
    public static func render(
        manifest: Manifest, findings: FindingList, dump: LiveDumpOutline? = nil
    ) -> String {
        var page = PageText()
        head(of: manifest, on: &page)
        list(FindingList(findings.findings).findings, on: &page)
        table(of: manifest.reports, on: &page)
        if let dump { tell(of: dump, on: &page) }
        listMissing(of: manifest, on: &page)
        listWithheld(of: manifest, on: &page)
        listTruncated(of: manifest, on: &page)
        nextSteps(after: manifest, on: &page)
        return page.text
    }

    private static func head(of manifest: Manifest, on page: inout PageText) {
        let host = manifest.host
        page.heading("Diagnostic summary of \(page.safe(host.name, limit: 64))", underline: "=")
        page.field("Host", "\(host.name) (\(host.architecture))")
        page.field("Operating system", host.operatingSystem ?? "unknown")
        page.field("Kernel", host.kernelRelease)
        page.field("Uptime", host.uptimeSeconds.map(DurationText.words) ?? "unknown")
        let seconds =
            (Double(manifest.collected.microsecondsSince1970)
                - Double(manifest.started.microsecondsSince1970)) / 1e6
        page.field(
            "Collected",
            "\(manifest.started.description.prefix(19))Z, in \(DurationText.words(seconds: seconds))"
        )
        if let since = manifest.options.since {
            page.field("Logs since", "\(since.description.prefix(19))Z")
        }
        if let name = manifest.caseIdentifier { page.field("Case", name) }
        let user = manifest.userIdentifier
        page.field("Run by", user == 0 ? "root" : "user \(user), not root")
        if manifest.options.root != "/" {
            page.field("Root", manifest.options.root + otherRoot(manifest.absent))
        }
        if manifest.options.planSHA256 != nil {
            page.field("Plan", "a reviewed plan was run; nothing else than it has was collected")
        }
        page.field("Program", "\(manifest.tool.name) \(manifest.tool.version)")
        page.field(
            "Contents",
            count(manifest.artifacts.count, "artifact") + ", "
                + ByteCountText.describe(totalByteCount(of: manifest.artifacts)))
        page.field("Completeness", completeness(of: manifest))
    }

    /// What does not apply to a root that nothing runs from.
    private static func otherRoot(_ absent: [Absent]) -> String {
        func count(_ sentence: String) -> Int {
            absent.count { $0.why?.contains(sentence) ?? false }
        }
        let commands = count("no command runs for a root")
        let facts = count("no kernel runs from this root")
        var text = ", not that of the running host: nothing was run from it"
        if commands > 0 { text += "; \(Self.count(commands, "command")) not run" }
        if facts > 0 {
            text += "; \(Self.count(facts, "item")) left out that only a running kernel has"
        }
        return commands + facts > 0 ? text + "; manifest.json names each" : text
    }

    private static func totalByteCount(of artifacts: [Artifact]) -> Int64 {
        artifacts.reduce(Int64(0)) { sum, artifact in
            let (total, overflow) = sum.addingReportingOverflow(artifact.byteCount)
            return overflow ? .max : total
        }
    }

    private static func completeness(of manifest: Manifest) -> String {
        let absent =
            switch manifest.absent.count {
            case 0: ""
            case 1: " 1 thing that was looked for does not exist here."
            default: " \(manifest.absent.count) things that were looked for do not exist here."
            }
        let withheld = manifest.withheld.sum
        guard manifest.completeness == .partial else {
            let claim =
                withheld.completeBut.map { $0 + ": all else that" } ?? "Complete: all that"
            return claim + " exists here was collected." + absent
        }
        var reasons = [String]()
        if manifest.isInterrupted { reasons.append("the run was interrupted") }
        let bad = manifest.reports.count { $0.outcome != .complete }
        if bad > 0 { reasons.append("\(count(bad, "collector")) did not end well") }
        if !manifest.missing.isEmpty {
            reasons.append(count(manifest.missing.count, "item") + " missing")
        }
        let cut = manifest.artifacts.count(where: \.isTruncated)
        if cut > 0 { reasons.append("\(count(cut, "artifact")) truncated") }
        let why = reasons.isEmpty ? "something is missing" : reasons.joined(separator: ", ")
        return "Partial: \(why)\(withheld.besideThat)." + absent
    }

    private static func list(_ findings: [Finding], on page: inout PageText) {
        page.heading("Findings", underline: "-")
        if findings.isEmpty { page.paragraph("No fault was recognised.") }
        for (index, finding) in findings.prefix(mostEntries).enumerated() {
            if index > 0 { page.line("") }
            let number = "\(index + 1). "
            let indent = String(repeating: " ", count: number.utf8.count)
            page.paragraph(
                "\(finding.severity.rawValue.uppercased()): \(finding.object) (\(finding.fault))",
                first: number, later: indent)
            if let place = finding.place { page.paragraph("Place: " + place, indent: indent) }
            page.paragraph(finding.reason, indent: indent)
            for action in finding.recommendedActions.prefix(5) {
                page.paragraph(action, first: indent + "-> ", later: indent + "   ")
            }
            let evidence = finding.evidence.prefix(5).map {
                page.safe($0.artifact, limit: 300) + ($0.line.map { ":\($0)" } ?? "")
            }
            let more = finding.evidence.count - evidence.count
            guard !evidence.isEmpty else { continue }
            page.paragraph(
                "Evidence: " + evidence.joined(separator: ", ")
                    + (more > 0 ? " and \(more) more" : ""),
                indent: indent, limit: 2000)
        }
        page.rest(findings.count - mostEntries, in: "findings.json")
    }

    private static func listMissing(of manifest: Manifest, on page: inout PageText) {
        guard !manifest.missing.isEmpty else { return }
        page.heading("Missing", underline: "-")
        var order = [String]()
        var groups = [String: [Missing]]()
        for item in manifest.missing {
            if groups[item.collector] == nil { order.append(item.collector) }
            groups[item.collector, default: []].append(item)
        }
        for collector in order {
            let items = groups[collector] ?? []
            page.paragraph("\(collector): \(count(items.count, "item"))")
            for item in items.prefix(mostEntries) {
                // What is needed stands in brackets; a sentence stands for itself.
                let needs = item.advice == nil ? item.remedy.map { " (needs: \($0))" } ?? "" : ""
                page.paragraph("\(item.what): \(item.why)\(needs)", first: "  - ", later: "    ")
                if let advice = item.advice {
                    page.paragraph(advice, first: "    -> ", later: "       ")
                }
            }
            page.rest(items.count - mostEntries, in: "manifest.json", indent: "  ")
        }
    }

    private static func listTruncated(of manifest: Manifest, on page: inout PageText) {
        let artifacts = manifest.artifacts.filter(\.isTruncated)
        guard !artifacts.isEmpty else { return }
        page.heading("Truncated", underline: "-")
        for artifact in artifacts.prefix(mostEntries) {
            let size = ByteCountText.describe(artifact.byteCount)
            page.paragraph(
                "\(artifact.path), \(size) kept"
                    + (artifact.truncationReason.map { ": \($0)" } ?? ""),
                first: "  - ", later: "    ")
        }
        page.rest(artifacts.count - mostEntries, in: "manifest.json", indent: "  ")
    }

    private static func nextSteps(after manifest: Manifest, on page: inout PageText) {
        page.heading("What to do next", underline: "-")
        func step(_ text: String) { page.paragraph(text, first: "- ", later: "  ") }
        step("Check that a bundle is whole and unchanged: diagbundle verify BUNDLE")
        step("Unpack a bundle with any tar: tar -xJf BUNDLE")
        let forRoot = manifest.missing.count(where: \.wantsRoot)
        if manifest.userIdentifier != 0 {
            step(
                forRoot == 0
                    ? "This run was not made by root, but nothing that is missing asks for root."
                    : "Run it again as root: that is what \(forRoot) of "
                        + count(manifest.missing.count, "missing item")
                        + " \(asks(forRoot)) for.")
        } else if forRoot > 0 {
            step(
                "\(count(forRoot, "missing item")) \(asks(forRoot)) for a capability "
                    + "that root had not here: run it outside of the container or service.")
        }
        if manifest.isInterrupted { step("Run it again to the end: this run was interrupted.") }
    }

    private static func asks(_ number: Int) -> String { number == 1 ? "asks" : "ask" }

    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
