import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle cat`: one member's content.
struct Cat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print one member of a bundle.",
        discussion: """
            PATH may leave out the top folder: "summary.txt", "logs/kernel.txt". On a terminal \
            control characters are shown escaped; into a pipe or file the bytes go as they are. Only \
            the blocks that hold the member are read, where the bundle has an index of members; \
            what is printed is known to be undamaged when the command ends with 0.
            """)

    @Argument(help: "The bundle.")
    var bundle: String
    @Argument(help: "The member's path.")
    var path: String

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        var printer = SafePrinter(escapes: StandardStreams.outputIsTerminal)
        var failure: (any Error)?
        let isFound: Bool
        do throws(ArchiveError) {
            isFound = try BundleExtractor.content(
                of: path, in: FilePath(bundle), notice: StandardStreams.note
            ) {
                (bytes) throws(ArchiveError) in
                // A reader that has seen enough is no failure.
                do { if try printer.write(bytes) { return } } catch { failure = error }
                throw ArchiveError(
                    .cancelled, operation: "write", object: "standard output", reason: "stopped")
            }
        } catch {
            if let failure { throw failure }
            if error.kind == .cancelled { return }  // A reader that has seen enough.
            throw CommandFailure(reading: error)
        }
        guard isFound else {
            throw CommandFailure(.unavailable, "\(bundle) holds no file \(path)")
        }
        try printer.finish()
    }
}

/// Writes content to standard output; to a terminal so that nothing in it can act on it.
private struct SafePrinter {
    let escapes: Bool
    /// The start of a character whose other bytes have not come.
    private var pending: [UInt8] = []

    init(escapes: Bool) { self.escapes = escapes }

    mutating func write(_ bytes: Span<UInt8>) throws -> Bool {
        var part = pending
        part.reserveCapacity(part.count + bytes.count)
        for index in 0..<bytes.count { part.append(bytes[index]) }
        pending = []
        guard escapes else { return try StandardStreams.write(part) }
        // A character of up to four bytes may be cut in two: what follows its first byte waits.
        let tail = part.suffix(3)
        if let start = tail.lastIndex(where: { $0 >= 0xC0 }),
            part.count - start < (part[start] >= 0xF0 ? 4 : part[start] >= 0xE0 ? 3 : 2)
        {
            pending = Array(part[start...])
            part.removeLast(part.count - start)
        }
        return try StandardStreams.write(Array(safe(part).utf8))
    }

    func finish() throws {
        if !pending.isEmpty { _ = try StandardStreams.write(Array(safe(pending).utf8)) }
    }

    private func safe(_ bytes: [UInt8]) -> String {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            line.split(separator: 0x09, omittingEmptySubsequences: false).map {
                UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8($0))
            }.joined(separator: "\t")
        }.joined(separator: "\n")
    }
}
