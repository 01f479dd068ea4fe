/// What a collector left out by design: it may hold secrets, and waits until it can be redacted.
///
/// It is neither absent nor missing, and does not make a bundle partial.
public struct Withheld: Codable, Hashable, Sendable {
    /// How much that is.
    public struct Count: Codable, Hashable, Sendable {
        /// Files that were not collected.
        public var files: Int
        /// Commands that were not run.
        public var commands: Int
        /// `true` when there may be more files: not every place could be looked at.
        public var isLeast: Bool?

        /// So many of each.
        public init(files: Int = 0, commands: Int = 0, isLeast: Bool = false) {
            self.files = files
            self.commands = commands
            self.isLeast = isLeast ? true : nil
        }
    }

    /// The most names that are kept of one collector, files and commands together.
    public static let mostNames = 1000
    /// The most bytes of names that are kept of one collector.
    public static let mostNameBytes = 256 << 10

    /// The paths of the files; of many the first.
    public private(set) var files: [String] = []
    /// The commands with their arguments; of many the first.
    public private(set) var commands: [String] = []
    /// How many there are.
    public private(set) var count = Count()

    /// Nothing.
    public init() {}

    /// Whether it is nothing.
    public var isEmpty: Bool { count.total == 0 }

    /// Adds a file by its path; where there is no room for the name, it is only counted.
    public mutating func add(file path: String) {
        if hasRoom(for: path) { files.append(path) }
        count = count + Count(files: 1)
    }

    /// Adds a command that was not run, likewise.
    public mutating func add(command: String) {
        if hasRoom(for: command) { commands.append(command) }
        count = count + Count(commands: 1)
    }

    /// Adds so many more of which there are no names.
    public mutating func add(_ more: Count) { count = count + more }

    /// Adds what somebody says, whose counts may be anything.
    public mutating func add(_ other: Withheld) {
        for path in other.files { add(file: path) }
        for command in other.commands { add(command: command) }
        count =
            count
            + Count(
                files: max(other.count.files, other.files.count) - other.files.count,
                commands: max(other.count.commands, other.commands.count) - other.commands.count,
                isLeast: other.count.isLeast == true)
    }

    /// Whether another name is kept; once one was left out, none is.
    private func hasRoom(for name: String) -> Bool {
        let names = files.count + commands.count
        guard names < Self.mostNames, files.count >= count.files, commands.count >= count.commands
        else { return false }
        let byteCount = [files, commands].joined().reduce(name.utf8.count) {
            $0 + $1.utf8.count
        }
        return byteCount <= Self.mostNameBytes
    }
}

extension Withheld.Count {
    /// Files and commands together.
    public var total: Int { Self.sum(files, commands) }

    /// Both together; what cannot be counted any more is as much as can be.
    public static func + (left: Self, right: Self) -> Self {
        Self(
            files: sum(left.files, right.files), commands: sum(left.commands, right.commands),
            isLeast: left.isLeast == true || right.isLeast == true)
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    /// In words: `3 files and 1 command`, `at least 2 files`.
    public var words: String {
        func counted(_ number: Int, _ noun: String) -> String? {
            number == 0 ? nil : "\(number) \(noun)\(number == 1 ? "" : "s")"
        }
        let parts = [counted(files, "file"), counted(commands, "command")].compactMap(\.self)
        let text = parts.isEmpty ? "nothing" : parts.joined(separator: " and ")
        return isLeast == true && files > 0 ? "at least " + text : text
    }

    /// What is said of it: `3 files withheld until they can be redacted`.
    public var phrase: String {
        "\(words) withheld until \(total == 1 ? "it" : "they") can be redacted"
    }

    /// How a bundle begins to be called that lacks nothing else; `nil` when nothing is withheld.
    public var completeBut: String? { total == 0 ? nil : "Complete, but for \(phrase)" }

    /// What follows on why a bundle is partial; empty when nothing is withheld.
    public var besideThat: String { total == 0 ? "" : "; beside that, \(phrase)" }
}

/// How much each collector of a run withheld, by its name.
extension [String: Withheld.Count] {
    /// All of them together.
    public var sum: Withheld.Count { values.reduce(Withheld.Count()) { $0 + $1 } }

    /// The collectors with how much it is, the most first, of many four: `nginx 12, mail 3`.
    public var places: String {
        let most = 4
        let sorted = self.sorted { ($1.value.total, $0.key) < ($0.value.total, $1.key) }
        let named = sorted.prefix(most).map { "\($0.key) \($0.value.total)" }
        let rest = count - named.count
        return named.joined(separator: ", ")
            + (rest > 0 ? " and \(rest) other collector\(rest == 1 ? "" : "s")" : "")
    }
}
