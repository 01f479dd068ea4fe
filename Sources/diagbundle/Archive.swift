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
            others; what does not compress is stored. Holes of 16 MiB and more in a file are left out \
            (pax, GNU.sparse 1.0), unless --no-sparse is given. A zip has members that are deflated \
            or stored one by one, and no index of members.

            With --encrypt-to the bundle goes through age or gpg, and is nowhere on the disk in \
            clear; FILE gets ".age" or ".gpg" behind its name. "age:" and "gpg:" before a recipient \
            say which program it is for. An address or a key ID is taken where gpg believes the key; \
            the whole fingerprint of one that it does not know is taken as it is. The host folder \
            stays in clear.

            With --sign a signature is made beside the bundle: of the SSH key in a file, by \
            ssh-keygen, as FILE.sig (namespace diagbundle), or of a key of gpg as FILE.asc. "ssh:" \
            and "gpg:" say which. Of an encrypted bundle it is that of the file as it is. Recipients \
            and keys are tried before anything is compressed.

            With --split the bundle goes into volumes: FILE.001, FILE.002 and so on, with four \
            digits when there are more than 999. "cat FILE.[0-9]*" joins them into the same bytes as \
            without --split; list, cat, grep, extract and verify read them as they are, by the name \
            of any of them or by FILE. Volumes of an older bundle of that name are removed when \
            the new ones are whole; a file FILE stays. The signature is one for all: FILE.sig or \
            FILE.asc.

            Exit codes: 0 sealed, 64 an option, a recipient or a key is wrong, 69 the folder, age, \
            gpg or ssh-keygen is not there, 73 the output cannot be created, 74 input/output error, \
            or encrypting or signing failed: nothing is left then.
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
        SignalDisposition.ignoreWriteSignals()
        let path = try HostFacts.absolute(FilePath(folder))
        guard let name = path.lastComponent?.string else {
            throw CommandFailure(.usage, "a host folder is needed, not \(folder)")
        }
        var target = try HostFacts.absolute(FilePath(output))
        var settings = Settings()
        settings.override(with: sealing.given)
        try settings.chooseContainer(named: target.lastComponent?.string ?? "")
        let options = try settings.preparedSealing()
        if let cipher = options.encryption?.cipher, !target.string.hasSuffix(cipher.suffix) {
            target = FilePath(target.string + cipher.suffix)
        }
        try OutputFile.check(target, "write the bundle")
        if let suffix = options.signing?.method.suffix {
            try OutputFile.check(FilePath(target.string + suffix), "write the signature")
        }
        let bundle: SealedBundle
        do throws(ArchiveError) {
            bundle = try BundleWriter.seal(
                folder: path, topName: name, as: target, options: options)
        } catch { throw CommandFailure(reading: error) }
        if !bundle.effect.lowered.isEmpty {
            StandardStreams.printError(
                "note: for the memory's sake \(bundle.effect.lowered.joined(separator: ", "))")
        }
        if options.encryption != nil {
            StandardStreams.note("the bundle is encrypted; \(path) stays as it is, in clear")
        }
        for file in bundle.leftOut {
            StandardStreams.printError(
                "note: \(UntrustedText.escapingControls(file)) is not in the manifest; left out")
        }
        if json {
            _ = try StandardStreams.write(
                JSONDocument.encode(
                    Self.document(of: bundle, options.encryption), layout: .document))
        } else {
            Self.report(bundle, options.encryption)
        }
    }

    private static func document(
        of bundle: SealedBundle, _ encryption: BundleEncryption?
    ) -> JSONValue {
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
        if let encryption {
            document["encryption"] = [
                "program": .string(encryption.cipher.rawValue),
                "recipients": .array(encryption.recipients.map(JSONValue.string)),
            ]
        }
        if let signature = bundle.signature {
            document["signature"] = .string(signature.string)
        }
        return .object(document)
    }

    private static func report(_ bundle: SealedBundle, _ encryption: BundleEncryption?) {
        for volume in bundle.volumes {
            StandardStreams.print(
                "\(UntrustedText.escapingControls(volume.path.string))\n"
                    + "  \(ByteCountText.describe(volume.byteCount)), SHA-256 \(volume.sha256)")
        }
        let size = ByteCountText.describe(bundle.byteCount)
        let count = bundle.volumes.count
        StandardStreams.print(
            count == 0
                ? "\(UntrustedText.escapingControls(bundle.path.string))\n\(size), SHA-256"
                    + " \(bundle.sha256)"
                : "\(count) \(count == 1 ? "volume" : "volumes"), \(size), SHA-256 joined"
                    + " \(bundle.sha256)")
        if let encryption {
            let names = UntrustedText.escapingControls(
                encryption.recipients.joined(separator: ", "))
            StandardStreams.print("Encrypted by \(encryption.cipher.rawValue) to \(names)")
        }
        if let signature = bundle.signature {
            StandardStreams.print(
                "Signature \(UntrustedText.escapingControls(signature.string))")
        }
    }
}
