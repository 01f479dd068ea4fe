import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle list`: what is in a bundle.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the members of a bundle with their sizes.")

    @Argument(help: "The bundle.")
    var bundle: String
    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        var failure: (any Error)?
        do throws(ArchiveError) {
            let reader = try BundleReader(FilePath(bundle))
            while let member = try reader.next() {
                if member.isDirectory { continue }
                var byteCount: Int64 = 0
                try reader.read { (bytes) throws(ArchiveError) in byteCount += Int64(bytes.count) }
                do { guard try show(member.path.text, byteCount) else { return } } catch {
                    failure = error
                    break
                }
            }
        } catch { throw CommandFailure(reading: error) }
        if let failure { throw failure }
    }

    /// Prints a member; `false` when nobody reads any more.
    private func show(_ path: String, _ byteCount: Int64) throws -> Bool {
        if json {
            let line: JSONValue = ["path": .string(path), "byteCount": .integer(byteCount)]
            return try StandardStreams.write(JSONDocument.encode(line, layout: .line) + [0x0A])
        }
        let digits = String(byteCount)
        let padding = String(repeating: " ", count: max(0, 12 - digits.utf8.count))
        return try StandardStreams.write(
            Array("\(padding)\(digits)  \(UntrustedText.escapingControls(path))\n".utf8))
    }
}
