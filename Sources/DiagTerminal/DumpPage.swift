public import DiagModel

/// What `dump info` prints for people: one page that can be sent on.
public enum DumpPage {
    /// The lines of the page, with where the time of making it went if `showsSteps` says so. Every
    /// text from the file is escaped.
    public static func lines(_ dump: DumpDescription, showsSteps: Bool = false) -> [String] {
        var lines = [escape("\(dump.file): \(dump.kind), \(dump.completeness.rawValue)")]
        lines += labelled(facts(dump))
        if let code = dump.code { lines += labelled(codeFacts(code)) }
        lines += pageLines(dump)
        if showsSteps { lines += DumpTimes.lines(dump) }
        lines += list("Partial, because", dump.shortcomings)
        lines += list("Note", dump.warnings)
        lines += symbolLines(dump)
        lines += list("Open with", dump.openWith)
        lines += readerLines(dump)
        return lines
    }

    /// What stands where the file has no word on it: an absent line would leave that open.
    private static let untold = "the file does not tell"

    private static func escape(_ text: String) -> String {
        ShownText(usesUnicode: true).escape(text)
    }

    private static func labelled(_ facts: [(String, String)]) -> [String] {
        let width = 15
        return facts.map { label, value in
            let padding = String(repeating: " ", count: max(1, width - label.utf8.count))
            return "  " + label + padding + escape(value)
        }
    }

    private static func facts(_ dump: DumpDescription) -> [(String, String)] {
        var facts = [(String, String)]()
        func add(_ label: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append((label, value)) }
        }
        let stored =
            dump.compression == ["none"]
            ? "not compressed" : dump.compression.joined(separator: ", ")
        add(
            "Format",
            dump.formatName + (stored.isEmpty ? "" : "; pages \(stored)") + "; "
                + ByteCountText.describe(dump.byteCount))
        add("Written by", dump.writer)
        add("Host", dump.host ?? untold)
        var kernel = [dump.system, dump.release, dump.machine].compactMap(\.self)
        if let version = dump.version { kernel.append("(\(version))") }
        add(dump.format == .windows ? "System" : "Kernel", kernel.joined(separator: " "))
        add("Build ID", dump.buildIdentifier)
        add("Symbols", symbols(dump))
        add("When", when(dump))
        add("Up for", dump.uptimeSeconds.map { DurationText.words(seconds: $0) })
        add("Processors", processors(dump))
        add("Level", level(dump))
        add("Consistency", consistency(dump))
        add("Torn", torn(dump))
        if dump.windows.count > 1 {
            for window in dump.windows {
                add("Copied", "\(window.pages): \(window.start) to \(window.end)")
            }
        }
        add("Asked for by", dump.originator)
        add("Reason", dump.reason)
        return facts
    }

    private static func symbols(_ dump: DumpDescription) -> String? {
        if let package = dump.debugPackage { return "package \(package)" }
        return dump.symbols.map {
            $0.fetchCommand == nil ? "no package is known" : "by Build ID; no package is known"
        }
    }

    private static func when(_ dump: DumpDescription) -> String? {
        guard let time = dump.time else { return untold }
        // Of a copy that was killed only the beginning was written.
        if dump.completeness == .partial, dump.seconds == 0 {
            return "\(time); when it ended was not written"
        }
        let span = dump.seconds.map { ", over \(DurationText.measured(seconds: $0))" } ?? ""
        return time.description + span
    }

    private static func processors(_ dump: DumpDescription) -> String? {
        guard let count = dump.processorCount else { return nil }
        return String(count) + (dump.registerCount.map { ", registers of \($0)" } ?? "")
    }

    private static func level(_ dump: DumpDescription) -> String? {
        let left = dump.leftOut.isEmpty ? "nothing" : dump.leftOut.joined(separator: ", ")
        var parameters = [String]()
        if dump.writer == "diagbundle" { parameters = dump.code?.parameters.map(\.value) ?? [] }
        if DumpLevelText.isOfStacks(parameters: parameters) {
            return "stacks: the stacks of all threads with what they need to be read"
        }
        if let level = dump.level {
            let words = DumpLevelText.describe(level, parameters: parameters)
            return "\(words): left out \(left)"
        }
        return dump.leftOut.isEmpty ? nil : "left out \(left)"
    }

    private static func consistency(_ dump: DumpDescription) -> String? {
        guard let consistency = dump.consistency else { return nil }
        return consistency == "smeared"
            ? "smeared: the system went on while its memory was copied" : consistency
    }

    private static func torn(_ dump: DumpDescription) -> String? {
        guard let torn = dump.torn else { return nil }
        return "\(torn.changed) of a sample of \(torn.sampled) pages had changed; \(torn.replaced) "
            + "replaced in \(torn.rounds) \(torn.rounds == 1 ? "round" : "rounds"), "
            + "\(torn.remaining) of these had changed again"
    }

    private static func codeFacts(_ code: DumpDescription.Code) -> [(String, String)] {
        let name = code.name.map { "\($0) (\(code.number))" } ?? code.number
        let live = code.isLive == true ? ": marks a live dump, never a crash" : ""
        var facts = [("Stop code", name + live)]
        for (index, parameter) in code.parameters.enumerated() {
            let text = parameter.text.map { "  \($0)" } ?? ""
            facts.append(("  parameter \(index + 1)", parameter.value + text))
        }
        return facts
    }

    private static func pageLines(_ dump: DumpDescription) -> [String] {
        let size = Int64(dump.pageByteCount ?? 4096)
        func bytes(_ count: Int) -> String {
            let (product, overflow) = Int64(count).multipliedReportingOverflow(by: size)
            return overflow ? "" : ByteCountText.describe(product)
        }
        var table = TextTable([
            .init("Pages"), .init("In memory", alignment: .right),
            .init("In the file", alignment: .right), .init("Bytes", alignment: .right),
        ])
        let pages = dump.pages
        let present = pages.presentByClass ?? [:]
        let areClassesCounted = pages.dumpedByClass != nil
        let dumped = pages.dumpedByClass ?? [:]
        let names = Set(present.keys).union(dumped.keys).sorted {
            let left = (dumped[$0] ?? 0, present[$0] ?? 0, $1)
            let right = (dumped[$1] ?? 0, present[$1] ?? 0, $0)
            return left > right
        }
        for name in names {
            let there = present[name].map { String($0) } ?? ""
            let kept = dumped[name] ?? 0
            table.append([
                name, there, areClassesCounted ? String(kept) : "",
                areClassesCounted ? bytes(kept) : "",
            ])
        }
        if let zero = pages.zero { table.append(["of these zero", "", String(zero), ""]) }
        if pages.present != nil || pages.dumped != nil {
            let written = pages.dumped.map { max(0, $0 - max(0, pages.missing ?? 0)) }
            table.append([
                "all", pages.present.map { String($0) } ?? "",
                written.map { String($0) } ?? "", written.map(bytes) ?? "",
            ])
        }
        guard !table.rows.isEmpty else { return [] }
        return [""] + table.lines()
    }

    private static func list(_ title: String, _ texts: [String]) -> [String] {
        guard !texts.isEmpty else { return [] }
        return ["", title] + texts.map { "  " + escape($0) }
    }

    /// How the kernel with symbols is got: commands that can be copied, each with what must be
    /// known of it below.
    private static func symbolLines(_ dump: DumpDescription) -> [String] {
        guard let symbols = dump.symbols else { return [] }
        var lines = [String]()
        if let command = symbols.installCommand {
            lines.append("  " + escape(command))
            if let note = symbols.note { lines.append("    " + escape(note)) }
        } else if let note = symbols.note {
            lines.append("  " + escape(note))
        }
        if let command = symbols.fetchCommand {
            lines.append("  " + escape(command))
            lines.append("    by Build ID, where the server has it; prints the path of vmlinux")
        }
        return lines.isEmpty ? [] : ["", "Get the symbols"] + lines
    }

    private static func readerLines(_ dump: DumpDescription) -> [String] {
        guard !dump.readers.isEmpty else { return [] }
        var table = TextTable([.init("Program"), .init("Reads it"), .init("Note")])
        for reader in dump.readers {
            table.append([reader.name, reader.canRead ? "yes" : "no", reader.note ?? ""])
        }
        return [""] + table.lines()
    }
}
