import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle extract`: unpacks a bundle that need not be trusted.
struct Extract: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Unpack a bundle, or some of it.",
        discussion: """
            Refuses absolute names, "..", links, devices and what would be written through a link. \
            Nothing that is there already is replaced, unless --replace is given.
            """)

    @Argument(help: "The bundle.")
    var bundle: String
    @Argument(help: "Members or folders to unpack; without any, all.")
    var paths: [String] = []
    @Option(name: [.customShort("C"), .long], help: "Folder to unpack into (default: here).")
    var directory: String?
    @Flag(help: "Replace files that are there already.")
    var replace = false

    func run() throws {
        let extraction: BundleExtractor.Extraction
        do throws(ArchiveError) {
            extraction = try BundleExtractor.extract(
                FilePath(bundle), into: FilePath(directory ?? "."), wanted: paths,
                replacesFiles: replace, notice: StandardStreams.note)
        } catch { throw CommandFailure(reading: error) }
        guard extraction.notFound.isEmpty else {
            throw CommandFailure(
                .unavailable,
                "\(bundle) does not hold \(extraction.notFound.joined(separator: ", "))")
        }
        StandardStreams.print(
            "\(extraction.fileCount) files, \(ByteCountText.describe(extraction.byteCount)).")
    }
}
