public import DiagModel

/// What a person reads at the end of a run, in at most 15 lines.
public enum RunSummary {
    /// The most lines of a summary.
    public static let mostLines = 15

    /// Says how a run ended, what it made, found, and could not get.
    ///
    /// An error stands first. The path of the bundle stands alone on its line, and so does the
    /// command that looks into a live dump: they are never cut, so that they can be copied. Every
    /// other line is at most `width` cells wide.
    ///
    /// - Parameters:
    ///   - result: How the run ended.
    ///   - width: The cells of a line, where the summary goes to a terminal; no line is cut without.
    ///   - usesUnicode: Whether more than ASCII can be shown.
    ///   - isOfDump: Whether the run was to make a live dump alone, and ended before its report.
    ///   - isRoot: Whether root made the run, so that nobody is told to run it as root.
    ///   - dump: What became of a live dump beside the other artifacts.
    /// - Returns: The lines, without line ends.
    public static func lines(
        of result: RunResult, width: Int? = nil, usesUnicode: Bool = true, isOfDump: Bool = false,
        isRoot: Bool = false, dump: LiveDumpOutline? = nil
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
        let withheld = result.withheld ?? [:]
        lines.append(fit(sentence(for: result.exitCode, withheld.sum)))
        if let path = result.bundlePath {
            let volumes = result.volumes ?? []
            if let first = volumes.first, let last = volumes.last, volumes.count > 1 {
                lines.append(text.escape(first.path, limit: .max))
                lines.append("to " + text.escape(last.path, limit: .max))
                lines.append(fit("\(volumes.count) volumes; " + bundleFacts(result)))
            } else {
                lines.append(text.escape(volumes.first?.path ?? path, limit: .max))
                lines.append(fit(bundleFacts(result)))
            }
            if let digest = result.bundleSHA256 {
                let word = volumes.isEmpty ? "SHA-256 " : "SHA-256 joined "
                lines.append(fit(word + text.escape(digest, limit: 128)))
            }
            if let encryption = result.encryption {
                let names = encryption.recipients.joined(separator: ", ")
                lines.append(
                    fit("Encrypted by \(encryption.program) to " + text.escape(names, limit: 500)))
            }
            if let path = result.signaturePath {
                lines.append("Signature " + text.escape(path, limit: .max))
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
        if let dump { lines += dumpLines(dump, of: result, text, fit) }
        lines += withheldLines(withheld, text, width: width)
            .prefix(max(0, mostLines - lines.count)).map(fit)
        let hasBoth = !result.findings.isEmpty && !result.missing.isEmpty
        let room = mostLines - lines.count
        let findings = findingLines(result.findings, text, room: hasBoth ? (room + 1) / 2 : room)
        lines += findings.map(fit)
        lines += missingLines(
            result.missing, text, isRoot: isRoot, room: mostLines - lines.count
        ).map(fit)
        return lines
    }

    /// What the exit code means; that of a complete run does not hide what is withheld.
    private static func sentence(for exitCode: Int, _ withheld: Withheld.Count) -> String {
        guard exitCode == 0, withheld.total > 0 else {
            return ExitMeaning.sentence(for: exitCode)
        }
        return "Complete, but for what is withheld: all else that exists was collected."
    }

    /// What was left out by design, and by whom.
    private static func withheldLines(
        _ withheld: [String: Withheld.Count], _ text: ShownText, width: Int?
    ) -> [String] {
        guard withheld.sum.total > 0 else { return [] }
        let line = text.escape(
            "\(withheld.sum.phrase): \(withheld.places); see manifest.json", limit: 500)
        guard let width else { return [line] }
        return DisplayText.fold(line, toCells: width, later: "  ", limit: 2, mark: text.cutMark)
    }

    /// What became of a live dump, and what shows more of it.
    private static func dumpLines(
        _ dump: LiveDumpOutline, of result: RunResult, _ text: ShownText, _ fit: (String) -> String
    ) -> [String] {
        guard let file = dump.file else {
            var line = "Live kernel dump: none"
            if let name = dump.stacksName {
                line += "; the stacks of all threads are in " + text.escape(name, limit: 100)
            }
            return [fit(line)]
        }
        var facts = [text.escape(file.name, limit: 100), ByteCountText.describe(file.byteCount)]
        if let level = file.level { facts.append("level " + text.escape(level, limit: 100)) }
        facts.append(file.completeness)
        let path = (result.folderPath.map { $0 + "/" } ?? "") + file.name
        return [
            fit("Live kernel dump: " + facts.joined(separator: ", ")),
            fit("  " + LiveDumpOutline.smear),
            "  diagbundle dump info " + text.escape(path, limit: .max),
        ]
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
        _ missing: [Missing], _ text: ShownText, isRoot: Bool, room: Int
    ) -> [String] {
        guard !missing.isEmpty, room > 0 else { return [] }
        let forRoot = isRoot ? 0 : missing.count(where: \.wantsRoot)
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
        // What a person can do something about stands first, and is not cut away.
        let sorted =
            groups.filter { $0.first.advice != nil } + groups.filter { $0.first.advice == nil }
        let items = sorted.map { first, count in
            (lines: itemLines(of: first, count: count, text), count: count)
        }
        if items.reduce(0, { $0 + $1.lines.count }) <= room - 1 {
            return [head + ":"] + items.flatMap { $0.lines }
        }
        if room == 1 { return [head + ": see summary.txt"] }
        var shown = [String]()
        var rest = missing.count
        for item in items {
            let space = room - 2 - shown.count
            guard space > 0 else { break }
            shown += item.lines.prefix(space)
            rest -= item.count
        }
        guard rest > 0 else { return [head + ":"] + shown }
        return [head + ":"] + shown + ["  and \(rest) more: see summary.txt"]
    }

    /// What is missing and why; under it what helps, when that is a sentence.
    private static func itemLines(of item: Missing, count: Int, _ text: ShownText) -> [String] {
        let line =
            "  \(text.escape(item.collector, limit: 60)): " + text.escape(item.what, limit: 100)
            + (count > 1 ? " and \(count - 1) more" : "") + ": "
            + text.escape(item.why, limit: 300)
        return [line] + (item.advice.map { ["    -> " + text.escape($0, limit: 500)] } ?? [])
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
