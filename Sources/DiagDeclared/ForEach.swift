internal import DiagCollect
internal import DiagModel
internal import SystemPackage

extension CollectorDeclaration {
    /// The things that a command runs for, one run each: what a pattern of paths finds.
    ///
    /// A thing is known by the name that the component with anything to match stands for: `eth0` of
    /// `/sys/class/net/*/device`. Of a pattern without one it is the last name.
    public struct ForEach: Hashable, Sendable {
        /// What stands for the name in the arguments, and in the path of the artifact.
        public static let placeholder = "{name}"

        /// The patterns: one text with its braces expanded. None has `**`, or more than one
        /// component with anything to match: a folder has each name once, several folders do not.
        public var patterns: [GlobPattern]

        /// Why nothing runs where nothing is found.
        var emptiness: String {
            "there is nothing to run it for: \(GlobPattern.title(patterns))"
        }

        /// Whether a thing of this name is one that a pattern may find.
        func mayFind(_ name: String) -> Bool {
            let name = Array(name.utf8)
            return patterns.contains {
                GlobPattern.matches($0.components[$0.nameIndex], name[...])
            }
        }

        /// Whether the place of a name stands in `text`.
        static func hasPlaceholder(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            return bytes.indices.contains { bytes[$0...].starts(with: placeholder.utf8) }
        }

        /// `text` with `name` in each of its places.
        static func inserting(_ name: String, into text: String) -> String {
            var bytes = [UInt8]()
            var rest = text.utf8[...]
            while let byte = rest.first {
                if rest.starts(with: placeholder.utf8) {
                    bytes += name.utf8
                    rest = rest.dropFirst(placeholder.utf8.count)
                } else {
                    bytes.append(byte)
                    rest = rest.dropFirst()
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// What a name may have beside letters and digits, but at its start.
        private static let signs = Array("_.:+@-".utf8)

        /// Whether a command is given this name: a program takes it for no option, no other path, no
        /// list and no file of arguments, and it can be a part of an artifact's path.
        static func isPlain(_ name: some Collection<UInt8>) -> Bool {
            guard let first = name.first, isWord(first) else { return false }
            return name.allSatisfy { isWord($0) || signs.contains($0) }
        }

        /// What is said of a thing with another name, after its path.
        static let unfit =
            "has a name that no command is given: it may have letters, digits and `_.:+@-`, and"
            + " begins with a letter, a digit or `_`"

        /// What is said of all such things that are not named.
        static let unfitOrTaken = "have names that no command is given, or that another thing has"

        private static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }
}

extension GlobPattern {
    /// Which of its components the name of a thing is, counted from 0.
    var nameIndex: Int {
        components.lastIndex { !$0.isLiteral } ?? components.count - 1
    }

    /// Where the thing itself is of which it found something at `path`: `/sys/class/net/eth0` of
    /// `/sys/class/net/eth0/device`.
    func thing(at path: FilePath) -> [UInt8] {
        GlobPattern.names(of: path).prefix(nameIndex + 1).reduce(into: []) { thing, name in
            thing.append(0x2F)
            thing += name
        }
    }

    /// The name of what it found at `path`; it has no `**`, so that each component is one name.
    func name(of path: FilePath) -> ArraySlice<UInt8> {
        let names = GlobPattern.names(of: path)
        return nameIndex < names.count ? names[nameIndex] : []
    }
}

extension GlobPattern.Component {
    /// Whether it stands for one name.
    var isLiteral: Bool { if case .literal = self { true } else { false } }
}

extension CollectorDeclaration.Command {
    /// The command for the thing called `name`.
    func run(for name: String) -> Self {
        var command = self
        command.forEach = nil
        command.arguments = arguments.map { CollectorDeclaration.ForEach.inserting(name, into: $0) }
        command.artifact = CollectorDeclaration.ForEach.inserting(name, into: artifact)
        return command
    }

    /// What of the runs in a plan is not this command's: something that was put in by hand.
    ///
    /// - Returns: `nil` when all of it is.
    func stranger(
        among runs: [CollectionPlan.Run]?, atMost count: Int, since: Timestamp?
    ) -> String? {
        guard let forEach else {
            guard let runs else { return nil }
            return "runs of " + (runs.first?.arguments ?? arguments).joined(separator: " ")
        }
        let runs = runs ?? []
        guard runs.count <= count else { return "\(runs.count) runs" }
        var names = Set<String>()
        let stranger = runs.first { run in
            let own = self.run(for: run.name)
            return !CollectorDeclaration.ForEach.isPlain(run.name.utf8)
                || !forEach.mayFind(run.name) || !names.insert(run.name).inserted
                || run.arguments != own.fullArguments(since: since)
                || run.artifact != own.artifact
        }
        return stranger?.arguments.joined(separator: " ")
    }
}

extension CollectorDeclaration.Item {
    /// Whether it is a command that runs for each of several things.
    var isForEach: Bool {
        if case .command(let command) = source { command.forEach != nil } else { false }
    }
}
