internal import DiagModel

/// The manual page of a command in the language man(7), made from what its help says.
///
/// Source: man(7) of groff 1.22 and of mandoc 1.14; both read what is written here.
public struct ManualPage: Hashable, Sendable {
    /// A line that can be typed, and what comes of it.
    public struct Example: Hashable, Sendable {
        /// What it does.
        public var purpose: String
        /// The line, without a prompt.
        public var line: String

        /// A line, and what comes of it.
        public init(_ purpose: String, _ line: String) {
            self.purpose = purpose
            self.line = line
        }
    }

    /// What stands in a page and not in the help.
    public struct Supplement: Hashable, Sendable {
        /// Exit codes with their meaning, where the help names none.
        public var exitCodes: [(code: String, meaning: String)]
        /// Files with what they are.
        public var files: [(path: String, meaning: String)]
        /// Lines to try.
        public var examples: [Example]

        /// What stands in a page and not in the help.
        public init(
            exitCodes: [(code: String, meaning: String)] = [],
            files: [(path: String, meaning: String)] = [], examples: [Example] = []
        ) {
            self.exitCodes = exitCodes
            self.files = files
            self.examples = examples
        }

        /// Compares all.
        public static func == (left: Supplement, right: Supplement) -> Bool {
            left.exitCodes.elementsEqual(right.exitCodes, by: ==)
                && left.files.elementsEqual(right.files, by: ==)
                && left.examples == right.examples
        }

        /// Hashes the examples.
        public func hash(into hasher: inout Hasher) { hasher.combine(examples) }
    }

    private let program: String
    private let version: String
    private let date: String
    private let path: [String]
    private let command: CommandTree.Command
    private let parent: CommandTree.Command?
    private let supplement: Supplement

    /// The page of the command that `path` names; `nil` when there is none.
    ///
    /// - Parameters:
    ///   - tree: The program.
    ///   - path: The command's words, without the program.
    ///   - version: The program's version.
    ///   - date: When that version was made: `2026-11-22`.
    ///   - supplement: What stands in the page beside the help.
    public init?(
        of tree: CommandTree, path: [String], version: String, date: String,
        supplement: Supplement = Supplement()
    ) {
        guard let command = tree[path], path.isEmpty || command.shouldDisplay ?? true else {
            return nil
        }
        program = tree.command.commandName
        self.version = version
        self.date = date
        self.path = path
        self.command = command
        parent = path.isEmpty ? nil : tree[path.dropLast()]
        self.supplement = supplement
    }

    /// The page's name: `diagbundle-collect`.
    public var name: String { ([program] + path).joined(separator: "-") }
    /// The name of its file: `diagbundle-collect.1`.
    public var fileName: String { "\(name).1" }

    /// The page, in the language man(7).
    public var text: String {
        var page = RoffText()
        let title = RoffText.literal(name.uppercased())
        page.request(
            "TH \(title) 1 \(date) \"\(program) \(version)\" \"User Commands\"")
        page.section("NAME")
        page.line("\(RoffText.literal(name)) \\- \(RoffText.prose(Self.name(command.abstract)))")
        synopsis(&page)
        page.section("DESCRIPTION")
        let paragraphs = Self.paragraphs(command.discussion)
        page.paragraph(Self.sentence(command.abstract ?? ""))
        for text in paragraphs.prose {
            page.request("PP")
            page.paragraph(text)
        }
        arguments(&page)
        subcommands(&page)
        exitStatus(&page, paragraphs.exitCodes)
        if !supplement.files.isEmpty {
            page.section("FILES")
            for file in supplement.files {
                page.entry("\\fI\(RoffText.literal(file.path))\\fR", file.meaning)
            }
        }
        examples(&page)
        seeAlso(&page)
        return page.text
    }

    private func synopsis(_ page: inout RoffText) {
        page.section("SYNOPSIS")
        page.line("\\fB\(RoffText.literal(([program] + path).joined(separator: " ")))\\fR")
        if !command.shown.isEmpty {
            page.line("\\fIcommand\\fR")
            page.line("[\\fIargument\\fR ...]")
            return
        }
        if !command.options.isEmpty { page.line("[\\fIoption\\fR ...]") }
        for argument in command.positionals {
            let name = "\\fI\(RoffText.literal(argument.valueName ?? "value"))\\fR"
            let several = argument.isRepeating ? " ..." : ""
            page.line(argument.isOptional ? "[\(name)\(several)]" : name + several)
        }
    }

    private func arguments(_ page: inout RoffText) {
        if !command.positionals.isEmpty {
            page.section("ARGUMENTS")
            for argument in command.positionals {
                page.entry(
                    "\\fI\(RoffText.literal(argument.valueName ?? "value"))\\fR",
                    Self.meaning(argument))
            }
        }
        var titles = [String]()
        for option in command.options {
            let title = option.sectionTitle ?? "Options"
            if !titles.contains(title) { titles.append(title) }
        }
        for title in titles {
            page.section(title.uppercased())
            for option in command.options where option.sectionTitle ?? "Options" == title {
                page.entry(Self.tag(option), Self.meaning(option))
            }
        }
    }

    private static func tag(_ option: CommandTree.Argument) -> String {
        let names = option.nameTexts.map { "\\fB\(RoffText.literal($0))\\fR" }
            .joined(separator: ", ")
        guard option.kind == .option else { return names }
        let value = "\\fI\(RoffText.literal(option.valueName ?? "value"))\\fR"
        return "\(names) \(value)\(option.takesSeveral ? " ..." : "")"
    }

    private static func meaning(_ argument: CommandTree.Argument) -> String {
        [argument.abstract, argument.discussion].compactMap(\.self)
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func subcommands(_ page: inout RoffText) {
        let shown = command.shown.filter { $0.commandName != "help" }
        guard !shown.isEmpty else { return }
        page.section("COMMANDS")
        for below in shown {
            page.entry(
                "\\fB\(RoffText.literal(below.commandName))\\fR",
                Self.sentence(below.abstract ?? "") + " See \(name)-\(below.commandName)(1).")
        }
    }

    private func exitStatus(_ page: inout RoffText, _ text: String?) {
        let codes = text.map(Self.exitCodes) ?? supplement.exitCodes
        guard !codes.isEmpty || text != nil else { return }
        page.section("EXIT STATUS")
        for code in codes { page.entry("\\fB\(code.code)\\fR", Self.sentence(code.meaning)) }
        if codes.isEmpty, let text { page.paragraph(Self.sentence(text)) }
    }

    private func examples(_ page: inout RoffText) {
        guard !supplement.examples.isEmpty else { return }
        page.section("EXAMPLES")
        for (index, example) in supplement.examples.enumerated() {
            if index > 0 { page.request("PP") }
            page.paragraph(example.purpose)
            page.request("PP")
            page.request("RS 4")
            page.request("nf")
            page.line(RoffText.literal(example.line))
            page.request("fi")
            page.request("RE")
        }
    }

    private func seeAlso(_ page: inout RoffText) {
        var names = [String]()
        if !path.isEmpty { names.append(([program] + path.dropLast()).joined(separator: "-")) }
        let base = ([program] + path.dropLast()).joined(separator: "-")
        names += (parent?.shown ?? []).filter { $0.commandName != "help" }
            .map { "\(base)-\($0.commandName)" }
        names += command.shown.filter { $0.commandName != "help" }
            .map { "\(name)-\($0.commandName)" }
        names.removeAll { $0 == name }
        guard !names.isEmpty else { return }
        page.section("SEE ALSO")
        for (index, name) in names.enumerated() {
            let end = index + 1 < names.count ? "," : ""
            page.line("\\fB\(RoffText.literal(name))\\fR(1)\(end)")
        }
    }

    // MARK: - Texts

    /// What stands behind a name has no full stop.
    private static func name(_ abstract: String?) -> String {
        var text = abstract ?? ""
        while text.hasSuffix(".") { text.removeLast() }
        return text.isEmpty ? "a command" : text
    }

    private static func sentence(_ text: String) -> String {
        guard let first = text.first else { return "" }
        return first.uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }

    private static let exitPhrase = "Exit codes: "

    /// The paragraphs of a discussion, and what it says of exit codes.
    static func paragraphs(_ discussion: String?) -> (prose: [String], exitCodes: String?) {
        var prose = [String]()
        var codes: String?
        for part in split(discussion ?? "") {
            guard codes == nil, let start = part.firstRange(of: exitPhrase) else {
                prose.append(part)
                continue
            }
            let before = part[..<start.lowerBound]
            if !before.isEmpty { prose.append(String(before)) }
            codes = String(part[start.upperBound...])
        }
        return (prose, codes)
    }

    /// Parts between empty lines, each in one line.
    private static func split(_ text: String) -> [String] {
        var parts = [[Substring]]()
        var isNew = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.allSatisfy({ $0 == " " }) {
                isNew = true
            } else if isNew {
                parts.append([line])
                isNew = false
            } else {
                parts[parts.count - 1].append(line)
            }
        }
        return parts.map { $0.joined(separator: " ") }
    }

    /// `0 complete, 3 partial (a, b), 64 usage.` as codes and meanings; nothing for anything else.
    static func exitCodes(_ text: String) -> [(code: String, meaning: String)] {
        var parts = [String]()
        var depth = 0
        var part = ""
        for character in text {
            switch character {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                parts.append(part)
                part = ""
                continue
            default: break
            }
            part.append(character)
        }
        parts.append(part)
        var codes = [(code: String, meaning: String)]()
        for part in parts {
            let words = part.split(separator: " ", maxSplits: 1)
            if let code = words.first, let number = Int(code), (0...255).contains(number),
                words.count == 2
            {
                codes.append((String(code), String(words[1])))
            } else if !codes.isEmpty {
                // A comma within what one code means.
                codes[codes.count - 1].meaning += "," + part
            } else {
                return []
            }
        }
        return codes
    }
}
