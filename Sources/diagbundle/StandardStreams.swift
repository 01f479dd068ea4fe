import DiagModel
import DiagSystem
import SystemPackage

/// Standard output and error.
enum StandardStreams {
    /// Writes bytes to standard output.
    ///
    /// - Returns: `false` when nobody reads any more.
    /// - Throws: ``CommandFailure`` when they cannot be written: what was asked for is not whole.
    static func write(_ bytes: [UInt8]) throws -> Bool {
        do throws(SystemCallError) {
            try OwnedDescriptor.standard(1).write(bytes.span)
            return true
        } catch {
            if error.errno == .brokenPipe { return false }
            throw CommandFailure(.inputOutput, "write to standard output: \(error.errno)")
        }
    }

    /// Writes a line to standard output. Losing it is no reason to fail.
    static func print(_ line: String) { send(Array((line + "\n").utf8), to: 1) }

    /// Writes a line to standard error. Losing it is no reason to fail.
    static func printError(_ line: String) { send(Array((line + "\n").utf8), to: 2) }

    /// Writes a note to standard error.
    static func note(_ text: String) {
        printError("note: \(UntrustedText.escapingControls(text))")
    }

    private static func send(_ bytes: [UInt8], to number: CInt) {
        try? OwnedDescriptor.standard(number).write(bytes.span)
    }

    /// Whether standard output is a terminal.
    static var outputIsTerminal: Bool {
        (try? OwnedDescriptor.standard(1))?.isTerminal ?? false
    }
}
