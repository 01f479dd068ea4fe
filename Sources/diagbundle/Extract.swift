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
            Nothing that is there already is replaced, unless --replace is given. Where the bundle \
            has an index of members, PATHs are read without the rest.

            With --salvage every whole member of a damaged or cut bundle is saved, and what is \
            lost is listed.

            Of an encrypted bundle that was altered or cut no file stays: until its end nobody knows \
            that it was not. It is read from start to end, whatever is wanted of it.

            Exit codes: 0 unpacked, 1 the bundle is damaged, or nothing could be saved of it, \
            3 something of it was saved and something lost, 69 the bundle or a PATH is not \
            there, 73 the folder cannot be written to, 74 input/output error, 77 no key at hand opens \
            the bundle.
            """)

    @Argument(help: "The bundle, or a volume of it.")
    var bundle: String
    @Argument(help: "Members or folders to unpack; without any, all.")
    var paths: [String] = []
    @Option(name: [.customShort("C"), .long], help: "Folder to unpack into (default: here).")
    var directory: String?
    @Flag(help: "Replace files that are there already.")
    var replace = false
    @Flag(help: "Save what is whole of a damaged bundle.")
    var salvage = false
    @OptionGroup var decryption: DecryptionOptions

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        if salvage { return try runSalvage() }
        let extraction: BundleExtractor.Extraction
        do throws(ArchiveError) {
            extraction = try BundleExtractor.extract(
                FilePath(bundle), into: FilePath(directory ?? "."), wanted: paths,
                replacesFiles: replace, keys: decryption.keys, notice: StandardStreams.note)
        } catch { throw CommandFailure(reading: error) }
        guard extraction.notFound.isEmpty else {
            throw CommandFailure(
                .unavailable,
                "\(bundle) does not hold \(extraction.notFound.joined(separator: ", "))")
        }
        StandardStreams.print(
            "\(extraction.fileCount) files, \(ByteCountText.describe(extraction.byteCount)).")
    }

    private func runSalvage() throws {
        guard paths.isEmpty else {
            throw CommandFailure(.usage, "--salvage saves all that is whole: name no PATH")
        }
        let outcome: BundleSalvage.Outcome
        do throws(ArchiveError) {
            outcome = try BundleSalvage.salvage(
                FilePath(bundle), into: FilePath(directory ?? "."), replacesFiles: replace,
                keys: decryption.keys)
        } catch { throw CommandFailure(reading: error) }
        for damage in outcome.damage { StandardStreams.note(damage) }
        let most = 100
        for path in outcome.lost.prefix(most) { StandardStreams.printError(Self.lost(path)) }
        if outcome.lost.count > most {
            StandardStreams.printError("and \(outcome.lost.count - most) more")
        }
        if !outcome.isListed, !outcome.isWhole {
            StandardStreams.note("without a readable index of members more may be lost unnamed")
        }
        if !outcome.isChecked {
            StandardStreams.note(
                "nothing in the bundle checks what was saved: the damage may be in it as well")
        }
        let saved = "\(outcome.fileCount) files, \(ByteCountText.describe(outcome.byteCount)) saved"
        guard !outcome.isWhole else { return StandardStreams.print("\(saved); nothing is lost.") }
        StandardStreams.print("\(saved); \(Self.losses(of: outcome)).")
        HostFacts.exitNow(
            (outcome.fileCount > 0 ? ExitStatus.partial : ExitStatus.failed).rawValue)
    }

    private static func lost(_ path: String) -> String {
        "lost: \(UntrustedText.escapingControls(path))"
    }

    private static func losses(of outcome: BundleSalvage.Outcome) -> String {
        let count = outcome.lost.count
        let blocks = outcome.lostBlockCount
        return "\(outcome.isListed ? "" : "at least ")\(count) \(count == 1 ? "file" : "files")"
            + " and \(blocks) compressed \(blocks == 1 ? "block" : "blocks") lost"
    }
}
