import ArgumentParser
import DiagArchive
import SystemPackage

/// What opens an encrypted bundle: the option of all that reads one.
struct DecryptionOptions: ParsableArguments {
    @Option(
        help: .init(
            "The file of a secret key of age or SSH, for a bundle that age encrypted. May be given"
                + " several times.", valueName: "file"))
    var identity: [String] = []

    /// What it says.
    var keys: DecryptionKeys { DecryptionKeys(identities: identity.map { FilePath($0) }) }
}
