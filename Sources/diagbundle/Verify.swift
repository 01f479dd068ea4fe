import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle verify`: is a bundle or host folder what its manifest says.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every hash, every schema and the completeness of a bundle or host folder.",
        discussion: """
            With --signers the signature beside the bundle is checked, too: FILE.sig with an \
            allowed_signers file, FILE.asc with a keyring, such as "gpg --export KEY" writes. None, \
            one of somebody else, or one of other bytes is a difference. Every key in a keyring is \
            believed.

            Exit codes: 0 all is as the manifest says, 1 something differs (listed), 64 it \
            is neither a file nor a folder, or a key is needed and not given, 69 it, a key or a \
            program is not there, 77 no key at hand opens it.
            """)

    @Argument(
        help: .init("The bundle, a volume of it, or a host folder.", valueName: "bundle|folder"))
    var path: String
    @Flag(help: "Print JSON.")
    var json = false
    @Option(
        help: .init(
            "Whose signature the bundle must have: an allowed_signers file of ssh-keygen, or a keyring"
                + " of gpg.", valueName: "file"))
    var signers: String?
    @OptionGroup var decryption: DecryptionOptions

    func run() throws {
        let result: VerificationResult
        do throws(ArchiveError) {
            result = try BundleVerifier.verify(
                FilePath(path), keys: decryption.keys,
                signers: try signers.map { (file) throws(ArchiveError) in
                    try BundleSigners(FilePath(file))
                }, notice: StandardStreams.note)
        } catch { throw CommandFailure(reading: error) }
        if json {
            let withheld = try JSONDocument.decode(
                JSONValue.self, from: JSONDocument.encode(result.withheld, layout: .line))
            let document: JSONValue = [
                "path": .string(path), "isWhole": .bool(result.isWhole),
                "artifactCount": .integer(result.artifactCount),
                "byteCount": .integer(result.byteCount),
                "completeness": result.completeness.map { .string($0.rawValue) } ?? .null,
                "withheld": withheld,
                "differences": .array(result.differences.map(JSONValue.string)),
                "unchecked": .array(result.unchecked.map(JSONValue.string)),
                "unhashed": .array(result.unhashed.map(JSONValue.string)),
                "signature": result.signature.map(Self.document) ?? .null,
            ]
            _ = try StandardStreams.write(JSONDocument.encode(document, layout: .document))
        } else {
            report(result)
        }
        if !result.isWhole { HostFacts.exitNow(ExitStatus.failed.rawValue) }
    }

    private static func document(_ signature: BundleSigners.Signature) -> JSONValue {
        [
            "method": .string(signature.method.rawValue), "path": .string(signature.path.string),
            "signer": .string(signature.signer), "key": .string(signature.key),
        ]
    }

    private func report(_ result: VerificationResult) {
        let name = UntrustedText.escapingControls(path)
        let most = 100
        for difference in result.differences.prefix(most) {
            StandardStreams.print(UntrustedText.escapingControls(difference))
        }
        if result.differences.count > most {
            StandardStreams.print("and \(result.differences.count - most) more (--json lists all)")
        }
        for document in result.unchecked {
            StandardStreams.print(
                "note: \(UntrustedText.escapingControls(document)) was not held against a schema")
        }
        for file in result.unhashed {
            StandardStreams.print(
                "note: \(UntrustedText.escapingControls(file)) was held against no SHA-256: the "
                    + "folder's manifest gives none; a bundle of it has it (diagbundle archive)")
        }
        if let signature = result.signature {
            let signer = UntrustedText.escapingControls(signature.signer)
            let key = UntrustedText.escapingControls(signature.key)
            StandardStreams.print("Signed by \(signer), \(key).")
        }
        let content =
            "\(result.artifactCount) artifacts, \(ByteCountText.describe(result.byteCount))"
        guard result.isWhole else {
            let count = result.differences.count
            StandardStreams.print(
                "\(name): DIFFERS in \(count) \(count == 1 ? "place" : "places"); \(content).")
            return
        }
        StandardStreams.print("\(name): whole. \(content). \(Self.completeness(of: result))")
    }

    /// What the bundle lacked when it was made, in the words of its summary.
    private static func completeness(of result: VerificationResult) -> String {
        let withheld = result.withheld.sum
        guard result.completeness == .complete else {
            let beside = withheld.besideThat
            return "Something was missing when it was made\(beside): see manifest.json."
        }
        return withheld.completeBut.map {
            $0 + ": nothing else was missing when it was made; see manifest.json."
        } ?? "Nothing was missing when it was made."
    }
}

extension CommandFailure {
    /// A bundle that cannot be read.
    init(reading error: ArchiveError) {
        let status: ExitStatus =
            switch (error.kind, error.errno) {
            case (_, .noSuchFileOrDirectory?), (_, .notDirectory?): .unavailable
            case (_, .permissionDenied?), (_, .notPermitted?): .notPermitted
            case (.wrongKind, _): .usage
            case (.cannotCreate, _): .cannotCreate
            case (.inputOutput, _): .inputOutput
            case (.unusableKey, _): .usage
            case (.locked, _): .notPermitted
            default: .failed
            }
        self.init(status, error.description)
    }
}
