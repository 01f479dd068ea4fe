public import DiagModel

/// What a person reads at the end of a run, in at most 15 lines.
public enum RunSummary {
    /// The most lines of a summary.
    public static let mostLines = 15

    /// Says how a run ended, what it made, found, and could not get.
    ///
    /// An error stands first. The path of the bundle stands alone on its line and is never cut,
    /// so that it can be copied; every other line is at most `width` cells wide.
    ///
    /// - Parameters:
    ///   - result: How the run ended.
    ///   - width: The cells of a line, where the summary goes to a terminal; no line is cut without.
    ///   - usesUnicode: Whether more than ASCII can be shown.
    ///   - isOfDump: Whether the run was to make a live dump alone, and ended before its report.
    /// - Returns: The lines, without line ends.
    public static func lines(
        of result: RunResult, width: Int? = nil, usesUnicode: Bool = true, isOfDump: Bool = false
    ) -> [String] {
        let text = ShownText(usesUnicode: usesUnicode)
        func fit(_ line: String) -> String { width.map { text.cut(line, to: max($0, 1)) } ?? line }
        var lines = [String]()
        if let error = result.error {
            let message = "Error: " + text.escape(error)
            // Into a pipe or file the cause stands on one line, whole.
            lines +=
                width.map {
                    DisplayText.fold(
                        message, toCells: $0, later: "  ", limit: 8, mark: text.cutMark
                    ).map(fit)
                } ?? [message]
        }
        lines.append(fit(ExitMeaning.sentence(for: result.exitCode)))
        if let path = result.bundlePath {
            lines.append(text.escape(path, limit: .max))
            lines.append(fit(bundleFacts(result)))
            if let digest = result.bundleSHA256 {
                lines.append(fit("SHA-256 " + text.escape(digest, limit: 128)))
            }
        } else if let path = result.folderPath, isOfDump {
            lines.append(
                fit("The dump did not come to its end. What was written is in this folder:"))
            lines.append(text.escape(path, limit: .max))
        } else if let path = result.folderPath {
            lines.append(fit("There is no bundle. What was collected is in this folder:"))
            lines.append(text.escape(path, limit: .max))
            lines.append(fit(contents(result)))
        }
        let hasBoth = !result.findings.isEmpty && !result.missing.isEmpty
        let room = mostLines - lines.count
        let findings = findingLines(result.findings, text, room: hasBoth ? (room + 1) / 2 : room)
        lines += findings.map(fit)
        lines += missingLines(result.missing, text, room: mostLines - lines.count).map(fit)
        return lines
    }

    private static func contents(_ result: RunResult) -> String {
        let count = result.artifactCount == 1 ? "1 artifact" : "\(result.artifactCount) artifacts"
        return "\(count), \(ByteCountText.describe(result.artifactByteCount)), collected in "
            + DurationText.measured(seconds: result.collectSeconds)
    }

    private static func bundleFacts(_ result: RunResult) -> String {
        let size = result.bundleByteCount.map { ByteCountText.describe($0) + "; " } ?? ""
        return size + contents(result) + ", sealed in "
            + DurationText.measured(seconds: result.sealSeconds)
    }

    private static func findingLines(
        _ findings: [Finding], _ text: ShownText, room: Int
    ) -> [String] {
        guard !findings.isEmpty, room > 0 else { return [] }
        let counts = Finding.Severity.allCases.compactMap { severity -> String? in
            let count = findings.count { $0.severity == severity }
            return count == 0 ? nil : "\(count) \(severity.rawValue)"
        }
        let noun = findings.count == 1 ? "finding" : "findings"
        let head = "\(findings.count) \(noun): " + counts.joined(separator: ", ")
        let sorted = findings.enumerated().sorted {
            ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset)
        }
        let items = sorted.prefix(mostLines).map { _, finding in
            "  \(finding.severity.rawValue): \(text.escape(finding.object, limit: 100)): "
                + text.escape(finding.reason, limit: 300)
        }
        return list(head, items, of: findings.count, room: room)
    }

    private static func missingLines(
        _ missing: [Missing], _ text: ShownText, room: Int
    ) -> [String] {
        guard !missing.isEmpty, room > 0 else { return [] }
        let forRoot = missing.count(where: \.wantsRoot)
        var head = missing.count == 1 ? "1 item missing" : "\(missing.count) items missing"
        if forRoot > 0 {
            head += "; run as root for " + (forRoot == missing.count ? "" : "\(forRoot) of ")
            head += missing.count == 1 ? "it" : forRoot == missing.count ? "all of them" : "them"
        }
        var groups = [(first: Missing, count: Int)]()
        var places = [[String]: Int]()
        for item in missing {
            if let place = places[[item.collector, item.why]] {
                groups[place].count += 1
            } else {
                places[[item.collector, item.why]] = groups.count
                groups.append((item, 1))
            }
        }
        let items = groups.map { first, count in
            (
                line: "  \(text.escape(first.collector, limit: 60)): "
                    + text.escape(first.what, limit: 100)
                    + (count > 1 ? " and \(count - 1) more" : "") + ": "
                    + text.escape(first.why, limit: 300),
                count: count
            )
        }
        guard items.count > room - 1 else { return [head + ":"] + items.map(\.line) }
        let shown = items.prefix(max(0, room - 2))
        let rest = missing.count - shown.reduce(0) { $0 + $1.count }
        if room == 1 { return [head + ": see summary.txt"] }
        return [head + ":"] + shown.map(\.line) + ["  and \(rest) more: see summary.txt"]
    }

    private static func list(_ head: String, _ items: [String], of count: Int, room: Int)
        -> [String]
    {
        if room == 1 { return [head + ": see summary.txt"] }
        guard count > room - 1 else { return [head + ":"] + items }
        let shown = items.prefix(room - 2)
        return [head + ":"] + shown + ["  and \(count - shown.count) more: see summary.txt"]
    }
}
