import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle archive`: seals a host folder that is there already.
struct Archive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Seal a host folder into a bundle.",
        discussion: """
            The same folder gives the same bytes, at any number of threads. Blocks of the bundle are \
            compressed side by side, each for itself, so that a member can be read without the \
            others; what does not compress is stored.
            """)

    @Argument(help: "The host folder.")
    var folder: String
    @Option(
        name: .shortAndLong,
        help: "The bundle to write; a file there is replaced, a link is refused.")
    var output: String
    @OptionGroup var sealing: SealingOptions

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        let path = try HostFacts.absolute(FilePath(folder))
        guard let name = path.lastComponent?.string else {
            throw CommandFailure(.usage, "a host folder is needed, not \(folder)")
        }
        let target = try HostFacts.absolute(FilePath(output))
        let options = try sealing.options()
        try OutputFile.check(target, "write the bundle")
        let bundle: SealedBundle
        do throws(ArchiveError) {
            bundle = try BundleWriter.seal(
                folder: path, topName: name, as: target, options: options)
        } catch { throw CommandFailure(reading: error) }
        if !bundle.effect.lowered.isEmpty {
            StandardStreams.printError(
                "note: for the memory's sake \(bundle.effect.lowered.joined(separator: ", "))")
        }
        for file in bundle.leftOut {
            StandardStreams.printError(
                "note: \(UntrustedText.escapingControls(file)) is not in the manifest; left out")
        }
        StandardStreams.print(
            "\(UntrustedText.escapingControls(bundle.path.string))\n\(ByteCountText.describe(bundle.byteCount)), SHA-256 \(bundle.sha256)"
        )
    }
}
