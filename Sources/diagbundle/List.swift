import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle list`: what is in a bundle.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the members of a bundle with their sizes.",
        discussion: """
            A bundle of this program lists its members at its end: only that is read, and they \
            come sorted by path. Any other tar, compressed or not, and a plain zip are read from \
            start to end, and a note says so. With --json each line has the path, the size (byteCount), the SHA-256 \
            (sha256), the offset in the uncompressed tar stream, and the compressed block with the \
            first byte of the content (block), where these are known.
            """)

    @Argument(help: "The bundle, or a volume of it.")
    var bundle: String
    @Flag(help: "Print one JSON object a line.")
    var json = false
    @OptionGroup var decryption: DecryptionOptions

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        var failure: (any Error)?
        do throws(ArchiveError) {
            try BundleListing.forEach(
                in: FilePath(bundle), keys: decryption.keys, notice: StandardStreams.note
            ) {
                (entry) throws(ArchiveError) in
                do { if try show(entry) { return } } catch { failure = error }
                // A reader that has seen enough is no failure.
                throw ArchiveError(
                    .cancelled, operation: "write", object: "standard output", reason: "stopped")
            }
        } catch {
            if let failure { throw failure }
            if error.kind == .cancelled { return }
            throw CommandFailure(reading: error)
        }
    }

    /// Prints a member; `false` when nobody reads any more.
    private func show(_ entry: BundleListing.Entry) throws -> Bool {
        if json {
            var line: [String: JSONValue] = [
                "path": .string(entry.path.text), "byteCount": .integer(entry.byteCount),
                "sha256": .string(entry.sha256),
            ]
            if let offset = entry.offset { line["offset"] = .integer(offset) }
            if let block = entry.block { line["block"] = .integer(block) }
            return try StandardStreams.write(
                JSONDocument.encode(JSONValue.object(line), layout: .line) + [0x0A])
        }
        let digits = String(entry.byteCount)
        let padding = String(repeating: " ", count: max(0, 12 - digits.utf8.count))
        let path = UntrustedText.escapingControls(entry.path.text)
        return try StandardStreams.write(Array("\(padding)\(digits)  \(path)\n".utf8))
    }
}
