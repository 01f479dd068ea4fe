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

    @Argument(help: "The bundle, or a volume of it.")
    var bundle: String
    @Argument(help: "The member's path.")
    var path: String
    @OptionGroup var decryption: DecryptionOptions

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        var printer = SafePrinter(escapes: StandardStreams.outputIsTerminal)
        var failure: (any Error)?
        let isFound: Bool
        do throws(ArchiveError) {
            isFound = try BundleExtractor.content(
                of: path, in: FilePath(bundle), keys: decryption.keys, notice: StandardStreams.note
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
