/// The commands of a program and what each takes, as the parser of its command line knows them.
///
/// Read from what `--experimental-dump-help` of swift-argument-parser prints: the one source of
/// help texts, completion and manual pages.
public struct CommandTree: Hashable, Sendable, Decodable {
    /// One command, with those below it.
    public struct Command: Hashable, Sendable, Decodable {
        /// The last word of its name.
        public var commandName: String
        /// What it does, in a line.
        public var abstract: String?
        /// What there is to say of it, in paragraphs.
        public var discussion: String?
        /// Whether people are told of it.
        public var shouldDisplay: Bool?
        /// The commands below it.
        public var subcommands: [Command]?
        /// Options, flags and positional arguments.
        public var arguments: [Argument]?

        /// The commands below it that people are told of.
        public var shown: [Command] { (subcommands ?? []).filter { $0.shouldDisplay ?? true } }
        /// What it takes beside its options, in order.
        public var positionals: [Argument] { shownArguments.filter { $0.kind == .positional } }
        /// Its options and flags.
        public var options: [Argument] { shownArguments.filter { $0.kind != .positional } }

        private var shownArguments: [Argument] {
            (arguments ?? []).filter { $0.shouldDisplay ?? true }
        }

        /// The command below it that is called `name`, hidden ones included.
        public func subcommand(_ name: String) -> Command? {
            subcommands?.first { $0.commandName == name }
        }
    }

    /// An option, a flag or a positional argument.
    public struct Argument: Hashable, Sendable, Decodable {
        /// What it is.
        public enum Kind: String, Hashable, Sendable, Decodable {
            /// Known by its place.
            case positional
            /// A name and a value.
            case option
            /// A name alone.
            case flag
        }

        /// A name, and how it is written.
        public struct Name: Hashable, Sendable, Decodable {
            /// How a name is written.
            public enum Kind: String, Hashable, Sendable, Decodable {
                /// `--name`.
                case long
                /// `-n`.
                case short
                /// `-name`.
                case longWithSingleDash
            }

            /// How it is written.
            public var kind: Kind
            /// Its letters.
            public var name: String

            /// As it is typed.
            public var text: String { (kind == .long ? "--" : "-") + name }
        }

        /// What it is.
        public var kind: Kind
        /// Its names; none of a positional argument.
        public var names: [Name]?
        /// What its value is called.
        public var valueName: String?
        /// What it does.
        public var abstract: String?
        /// What more there is to say.
        public var discussion: String?
        /// Above which options it stands together with others.
        public var sectionTitle: String?
        /// Whether people are told of it.
        public var shouldDisplay: Bool?
        /// Whether it may be left out.
        public var isOptional: Bool
        /// Whether it may come more than once.
        public var isRepeating: Bool
        /// How its values are taken; `upToNextOption` takes several.
        public var parsingStrategy: String?

        /// Its names as they are typed, short ones first.
        public var nameTexts: [String] {
            let names = names ?? []
            return (names.filter { $0.kind != .long } + names.filter { $0.kind == .long })
                .map(\.text)
        }
        /// Whether several values may follow it.
        public var takesSeveral: Bool { kind == .option && parsingStrategy == "upToNextOption" }
    }

    /// The program itself.
    public var command: Command

    /// The command that `words` name, from the program on; `nil` when there is none.
    public subscript(words: [String]) -> Command? {
        var command = command
        for word in words {
            guard let next = command.subcommand(word) else { return nil }
            command = next
        }
        return command
    }

    /// The words of every command that people are told of, from the program on, which has none;
    /// not that of `help`, which is an option of every command, too.
    public var paths: [[String]] {
        func below(_ command: Command, _ path: [String]) -> [[String]] {
            [path]
                + command.shown.filter { $0.commandName != "help" }
                .flatMap { below($0, path + [$0.commandName]) }
        }
        return below(command, [])
    }
}
