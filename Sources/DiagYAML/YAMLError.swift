internal import DiagModel

/// What is wrong with a YAML document, and where.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name, as it was given to the parser.
    public let file: String
    /// Line and column of the fault, both from 1; the column counts characters.
    public let position: YAMLPosition
    /// What is wrong, and what was meant.
    public let message: String

    /// An error at a place of a file.
    public init(file: String, position: YAMLPosition, message: String) {
        self.file = file
        self.position = position
        self.message = message
    }

    /// `file:line:column: what is wrong`, on one line, with control characters escaped.
    public var description: String {
        let text = "\(file):\(position): \(message)"
        return UntrustedText.escapingControls(DisplayText.cut(text, toCells: 1000, mark: "..."))
    }
}

/// A place in a YAML document.
public struct YAMLPosition: Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int

    /// `line:column`.
    public var description: String { "\(line):\(column)" }

    /// A place by line and column, both from 1.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
