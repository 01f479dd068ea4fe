public import DiagModel

/// What a person reads at the end of a live dump.
public enum DumpSummary {
    /// The most warnings that are shown.
    static let mostWarnings = 5

    /// Says how a dump ended, where it is, how to open it, and what to know of it.
    ///
    /// Paths and commands stand alone on their lines and are never cut, so that they can be copied.
    ///
    /// - Parameters:
    ///   - report: The collector's word; none when it came to none.
    ///   - exitCode: What the command ends with.
    ///   - folderPath: The folder of the dump; none when nothing is kept.
    ///   - file: The dump's file, as the manifest lists it.
    ///   - failure: Why the collector ended, when it did not end well.
    ///   - seconds: How long it all took.
    ///   - width: The cells of a line, where it goes to a terminal.
    ///   - usesUnicode: Whether more than ASCII can be shown.
    /// - Returns: The lines, without line ends.
    public static func lines(
        of report: LiveDumpReport?, exitCode: Int, folderPath: String?, file: Artifact?,
        failure: String? = nil, seconds: Double, width: Int? = nil, usesUnicode: Bool = true
    ) -> [String] {
        let text = ShownText(usesUnicode: usesUnicode)
        func fit(_ line: String) -> [String] {
            width.map {
                DisplayText.fold(
                    line, toCells: max($0, 1), later: "  ", limit: 8, mark: text.cutMark)
            } ?? [line]
        }
        var lines = fit(head(report, exitCode: exitCode, hasFile: file != nil))
        if let obstacle = report?.obstacle {
            lines += fit("Reason: " + text.escape(obstacle.message))
            if let remedy = obstacle.remedy { lines += fit("Way out: " + text.escape(remedy)) }
        } else if let failure {
            lines += fit("Reason: " + text.escape(failure))
        }
        guard let folderPath else { return lines }
        if let file {
            lines.append(text.escape("\(folderPath)/\(file.path)", limit: .max))
            lines += fit(text.escape(facts(report, file, seconds: seconds)))
        }
        guard let report else { return lines }
        if !report.stackFiles.isEmpty {
            lines += fit("Stacks of all threads: " + (file == nil ? "" : "beside it, ") + "in")
            lines += report.stackFiles.map { text.escape("\(folderPath)/\($0)", limit: .max) }
        }
        if file != nil {
            let package = report.kernel.debugPackage.map {
                "the package " + text.escape($0, limit: 200)
            }
            lines += fit(
                "Symbols: " + (package ?? "no package is known")
                    + "; \"diagbundle dump info\" tells how to get them")
            if !report.openWith.isEmpty { lines.append("Open it with:") }
            lines += report.openWith.prefix(6).map { "  " + text.escape($0, limit: 500) }
            lines += fit(smear(report))
        }
        for warning in report.warnings.prefix(mostWarnings) {
            lines += fit("Warning: " + text.escape(warning, limit: 500))
        }
        let more = report.warnings.count - mostWarnings
        if more > 0 { lines.append("\(more) more warnings stand in LiveDump.json.") }
        return lines
    }

    private static func head(_ report: LiveDumpReport?, exitCode: Int, hasFile: Bool) -> String {
        let noun = report?.kind == .stacks ? "dump of the kernel stacks" : "live kernel dump"
        switch exitCode {
        case 0: return "Complete: the \(noun) holds every page that was asked for."
        case 3 where !hasFile && report?.kind == .stacks:
            return "Partial: the stacks of all threads are there as text, without the dump that"
                + " unwinds them."
        case 3 where hasFile: return "Partial: the \(noun) opens, but pages are missing."
        case 3: return "Partial: there is no dump file, but the stacks that could be read."
        case 130 where hasFile:
            return "Interrupted: the \(noun) opens, with the pages that were read until then."
        case 69: return "No \(noun): this kernel has no source for one."
        case 73: return "No \(noun): the output cannot be used."
        case 74: return "No \(noun): input/output error."
        case 75: return "No \(noun) for now; try again later."
        case 77: return "No \(noun): not permitted."
        case 130: return "Interrupted: no \(noun) was made."
        default: return "Failed: no \(noun) was made."
        }
    }

    private static func facts(
        _ report: LiveDumpReport?, _ file: Artifact, seconds: Double
    ) -> String {
        var parts = [
            ByteCountText.describe(file.byteCount),
            "made in " + DurationText.measured(seconds: seconds),
        ]
        if let made = report?.file { parts.append("\(made.format), \(made.compression)") }
        if let report {
            if report.kind == .full {
                let level = DumpLevelText.describe(report.level, parameters: report.parameters)
                parts.append("level " + level)
            }
            parts.append("kernel \(report.kernel.release)")
        }
        return parts.joined(separator: "; ")
    }

    private static func smear(_ report: LiveDumpReport) -> String {
        var words = "Smeared: pages were copied while the kernel went on"
        if let window = report.windows.first(where: { $0.pages == "all" }) ?? report.windows.first {
            let (start, end) = (
                window.start.microsecondsSince1970, window.end.microsecondsSince1970
            )
            let seconds = max(0, Double(end) - Double(start)) / 1e6
            words += ", over " + DurationText.measured(seconds: seconds)
        }
        guard let torn = report.torn else { return words + "." }
        return words + ". Of a sample of \(torn.sampled) pages \(torn.changed) had changed; "
            + "\(torn.replaced) pages were replaced by newer ones, and \(torn.remaining) of these "
            + "had changed again and may be torn."
    }
}
