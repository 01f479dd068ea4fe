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

            With --split the bundle goes into volumes: FILE.001, FILE.002 and so on, with four \
            digits when there are more than 999. "cat FILE.*" joins them into the same bytes as \
            without --split; list, cat, grep, extract and verify read them as they are, by the name \
            of any of them or by FILE. Volumes of an older bundle of that name are removed when \
            the new ones are whole; a file FILE stays.
            """)

    @Argument(help: "The host folder.")
    var folder: String
    @Option(
        name: .shortAndLong,
        help: "The bundle to write; a file there is replaced, a link is refused.")
    var output: String
    @Flag(help: "Print JSON: path, size and SHA-256, also of each volume.")
    var json = false
    @OptionGroup var sealing: SealingOptions

    func run() throws {
        let path = try HostFacts.absolute(FilePath(folder))
        guard let name = path.lastComponent?.string else {
            throw CommandFailure(.usage, "a host folder is needed, not \(folder)")
        }
        let target = try HostFacts.absolute(FilePath(output))
        let options = try sealing.options()
        // Of volumes it is the name of the whole, which has to be free for that of a file, too.
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
        if json {
            _ = try StandardStreams.write(
                JSONDocument.encode(Self.document(of: bundle), layout: .document))
        } else {
            Self.report(bundle)
        }
    }

    private static func document(of bundle: SealedBundle) -> JSONValue {
        var document: [String: JSONValue] = [
            "path": .string(bundle.path.string), "byteCount": .integer(bundle.byteCount),
            "sha256": .string(bundle.sha256),
        ]
        if !bundle.volumes.isEmpty {
            document["volumes"] = .array(
                bundle.volumes.map {
                    [
                        "path": .string($0.path.string), "byteCount": .integer($0.byteCount),
                        "sha256": .string($0.sha256),
                    ]
                })
        }
        return .object(document)
    }

    private static func report(_ bundle: SealedBundle) {
        for volume in bundle.volumes {
            StandardStreams.print(
                "\(UntrustedText.escapingControls(volume.path.string))\n"
                    + "  \(ByteCountText.describe(volume.byteCount)), SHA-256 \(volume.sha256)")
        }
        let size = ByteCountText.describe(bundle.byteCount)
        guard !bundle.volumes.isEmpty else {
            StandardStreams.print(
                "\(UntrustedText.escapingControls(bundle.path.string))\n\(size), SHA-256 \(bundle.sha256)"
            )
            return
        }
        let count = bundle.volumes.count
        StandardStreams.print(
            "\(count) \(count == 1 ? "volume" : "volumes"), \(size), SHA-256 joined"
                + " \(bundle.sha256)")
    }
}
