internal import DiagModel

/// A line of a worker's output: its number, and how it begins.
public struct WorkerOutputLine: Hashable, Sendable, CustomStringConvertible {
    /// The most bytes of a line that are kept.
    static let longestText = 120

    /// Its number, from 1; bytes of data count as lines by the newlines in them.
    public let number: Int
    /// How it begins, the boundary of a message left out.
    public let text: [UInt8]

    /// The number, and the text with what a terminal would obey escaped: `line 3: "fly {}"`.
    public var description: String {
        let line = text.prefix { $0 != 0x0A }
        let shown = UntrustedText.escapingForPath(line.prefix(Self.longestText))
        return "line \(number)" + (line.isEmpty ? "" : ": \"\(shown)\"")
    }

    /// Counts the lines of one output.
    struct Counter: Sendable {
        private var number = 1
        private var text: [UInt8] = []
        private var dataNumber = 0
        private var dataByteCount = 0
        /// Whether the worker has said `end`.
        var hasEnded = false

        /// The line that is being read, as far as its text was kept.
        var current: WorkerOutputLine { WorkerOutputLine(number: number, text: text) }

        /// The line that announced the data that is being read, or was read last.
        var dataLine: String { "line \(dataNumber), which gave \(dataByteCount)" }

        /// The line that is being read, which begins with `bytes`.
        func line(of bytes: [UInt8]) -> WorkerOutputLine {
            WorkerOutputLine(number: number, text: Array(bytes.prefix(longestText)))
        }

        /// Keeps the beginning of the line that is being read.
        mutating func keep(_ line: [UInt8]) { text = Array(line.prefix(longestText)) }

        /// Goes on to the next line.
        mutating func end() {
            number += 1
            text = []
        }

        /// Passes over bytes of an artifact.
        mutating func skip(_ bytes: Span<UInt8>) {
            var count = 0
            for index in 0..<bytes.count where bytes[index] == 0x0A { count &+= 1 }
            number += count
        }

        /// Notes that the line announced so many bytes of data.
        mutating func beginData(byteCount: Int) {
            dataNumber = number
            dataByteCount = byteCount
        }
    }
}
