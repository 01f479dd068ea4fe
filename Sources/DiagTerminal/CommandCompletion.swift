internal import DiagModel

/// Finds what can stand at the end of a command line that is being typed.
public struct CommandCompletion: Sendable {
    /// What a value may be.
    public struct Values: Hashable, Sendable {
        /// Which files are offered beside words; the shell knows how.
        public enum Files: Hashable, Sendable {
            /// No files.
            case none
            /// Folders alone.
            case folders
            /// Files of any name, and folders on the way to others.
            case files
        }

        /// Words that may be chosen, with what each means.
        public var words: [Candidate]
        /// Files that may be named.
        public var files: Files
        /// Whether commas may join several of the words.
        public var isList: Bool

        /// Words, or files, or both.
        public init(_ words: [Candidate] = [], files: Files = .none, isList: Bool = false) {
            self.words = words
            self.files = files
            self.isList = isList
        }

        /// Plain words.
        public static func of(_ words: [String]) -> Values { Values(words.map { .init($0) }) }
        /// Nothing that could be known before it is typed.
        public static let free = Values()
    }

    /// One word that can stand there.
    public struct Candidate: Hashable, Sendable {
        /// The word.
        public var text: String
        /// What it means; empty when there is nothing to say.
        public var meaning: String

        /// A word, and what it means.
        public init(_ text: String, _ meaning: String = "") {
            self.text = text
            self.meaning = meaning
        }
    }

    /// What an option or positional argument of a command, named by its words, may be.
    public typealias Provider =
        @Sendable (
            _ command: [String], _ argument: CommandTree.Argument, _ words: [String]
        ) -> Values

    private let tree: CommandTree
    private let values: Provider

    /// Completes lines of `tree`'s program with the `values` of its arguments.
    public init(_ tree: CommandTree, values: @escaping Provider) {
        self.tree = tree
        self.values = values
    }

    /// What may stand for `current`, the word at the cursor, behind `words`.
    ///
    /// An option and its value may be one word (`--only=x`), or, as bash takes them apart, three.
    public func answer(to words: [String], current: String) -> Values {
        var line = Line(command: tree.command)
        for word in words { line.take(word) }
        var current = current
        if line.option != nil, current == "=" { return values(of: line, words, "", prefix: "") }
        if line.option == nil || line.option?.takesSeveral == true, line.isOpen,
            current.hasPrefix("-")
        {
            guard let equals = current.firstIndex(of: "=") else {
                return options(of: line, current)
            }
            let name = String(current[..<equals])
            line.take(name)
            guard line.option != nil else { return .free }
            let prefix = name + "="
            current = String(current[current.index(after: equals)...])
            return values(of: line, words, current, prefix: prefix)
        }
        return values(of: line, words, current, prefix: "")
    }

    private func options(of line: Line, _ current: String) -> Values {
        let known = line.command.options.filter { $0.isRepeating || !line.given.contains($0) }
        let words = known.flatMap { option in
            option.nameTexts.filter { $0.hasPrefix("--") || current.utf8.count < 2 }
                .map { Candidate($0, option.abstract ?? "") }
        }
        return Values(words.filter { $0.text.hasPrefix(current) })
    }

    private func values(
        of line: Line, _ words: [String], _ current: String, prefix: String
    ) -> Values {
        var found: Values
        if let option = line.option {
            found = values(line.path, option, words)
        } else if !line.command.shown.isEmpty, line.positionalCount == 0 {
            found = Values(
                line.command.shown.map { Candidate($0.commandName, $0.abstract ?? "") })
        } else if line.path == ["help"] {
            let command = tree[line.helpWords]
            found = Values(
                (command?.shown ?? []).map { Candidate($0.commandName, $0.abstract ?? "") })
        } else {
            let positionals = line.command.positionals
            let next =
                positionals.indices.contains(line.positionalCount)
                ? positionals[line.positionalCount]
                : positionals.last.flatMap { $0.isRepeating ? $0 : nil }
            guard let next else { return current.isEmpty ? options(of: line, "") : .free }
            found = values(line.path, next, words)
        }
        var head = ""
        if found.isList, let comma = current.lastIndex(of: ",") {
            head = String(current[...comma])
            let named = Set(head.split(separator: ",").map(String.init))
            found.words.removeAll { named.contains($0.text) }
        }
        found.words = found.words.map { Candidate(head + $0.text, $0.meaning) }
            .filter { $0.text.hasPrefix(current) }
            .map { Candidate(prefix + $0.text, $0.meaning) }
        return found
    }

    /// How far a line has been read.
    private struct Line {
        var command: CommandTree.Command
        var path: [String] = []
        /// The option whose value comes next.
        var option: CommandTree.Argument?
        var given: Set<CommandTree.Argument> = []
        var positionalCount = 0
        /// What was named behind `help`.
        var helpWords: [String] = []
        /// Whether options may still come.
        var isOpen = true

        init(command: CommandTree.Command) { self.command = command }

        mutating func take(_ word: String) {
            if let option {
                if word == "=" { return }
                if !(option.takesSeveral && word.hasPrefix("-")) {
                    if !option.takesSeveral { self.option = nil }
                    return
                }
                self.option = nil
            }
            if isOpen, word == "--" {
                isOpen = false
                return
            }
            if isOpen, word.hasPrefix("-"), word.utf8.count > 1 { return takeOption(word) }
            if path == ["help"] {
                helpWords.append(word)
            } else if positionalCount == 0, let next = command.subcommand(word) {
                command = next
                path.append(word)
            } else {
                positionalCount += 1
            }
        }

        private mutating func takeOption(_ word: String) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let found = command.options.first(where: { $0.nameTexts.contains(name) }) else {
                return
            }
            given.insert(found)
            // More values may follow the one behind `=`.
            if found.kind == .option, parts.count == 1 || found.takesSeveral { option = found }
        }
    }
}

extension CommandCompletion.Values {
    /// As the scripts of the shells read it: which files, then a line for each word, with its
    /// meaning behind a tab.
    public var lines: [String] {
        let first =
            switch files {
            case .none: "none"
            case .folders: "folders"
            case .files: "files"
            }
        return [first]
            + words.map { word in
                // A tab or newline in what is typed must not become part of the answer's form.
                let text = UntrustedText.escapingControls(word.text)
                let meaning = UntrustedText.escapingControls(word.meaning)
                return meaning.isEmpty ? text : "\(text)\t\(meaning)"
            }
    }
}
