import DiagModel
import DiagSystem

/// Standard output and error. Losing either is no reason to fail.
enum StandardStreams {
    /// Writes bytes to standard output.
    ///
    /// - Returns: whether they arrived; `false` for a closed pipe.
    @discardableResult
    static func write(_ bytes: [UInt8]) -> Bool { write(bytes, to: 1) }

    /// Writes bytes to standard error.
    static func writeError(_ bytes: [UInt8]) { write(bytes, to: 2) }

    /// Writes a line to standard output.
    static func print(_ line: String) { write(Array((line + "\n").utf8)) }

    /// Writes a line to standard error.
    static func printError(_ line: String) { writeError(Array((line + "\n").utf8)) }

    @discardableResult
    private static func write(_ bytes: [UInt8], to number: CInt) -> Bool {
        guard let stream = try? OwnedDescriptor.standard(number) else { return false }
        return (try? stream.write(bytes.span)) != nil
    }

    /// Whether standard output is a terminal.
    static var outputIsTerminal: Bool {
        (try? OwnedDescriptor.standard(1))?.isTerminal ?? false
    }
}
