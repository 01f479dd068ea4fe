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
            Exit codes: 0 all is as the manifest says, 1 something differs (listed), 64 it \
            is neither a file nor a folder.
            """)

    @Argument(help: .init("The bundle, or a host folder.", valueName: "bundle|folder"))
    var path: String
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let result: VerificationResult
        do throws(ArchiveError) {
            result = try BundleVerifier.verify(FilePath(path), notice: StandardStreams.note)
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
            ]
            _ = try StandardStreams.write(JSONDocument.encode(document, layout: .document))
        } else {
            report(result)
        }
        if !result.isWhole { HostFacts.exitNow(ExitStatus.failed.rawValue) }
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
            default: .failed
            }
        self.init(status, error.description)
    }
}
