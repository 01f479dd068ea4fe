import ArgumentParser

/// How a bundle is compressed, split, encrypted and signed: the options of all that seals one.
struct SealingOptions: ParsableArguments {
    /// The heading in the help of what makes more than a bundle.
    static let title = "Bundle options"

    @Option(
        help: .init("How to compress: xz, zstd or none (default: xz).", valueName: "format"))
    var compression: String?
    @Option(
        help: .init(
            "What to write: tar or zip (default: tar, but for archive with a name that ends in .zip).",
            valueName: "format"))
    var format: String?
    @Option(
        help: """
            How strongly: xz 0 to 9 (default: 1), zstd 1 to 19 (default: 3), zip 1 to 9 (default: 6).
            """)
    var level: String?
    @Option(help: "Blocks compressed side by side (default: processors).")
    var threads: String?
    @Option(
        help: "Most bytes of memory for it; lowers threads, then the dictionary, then the blocks.")
    var memory: String?
    @Flag(help: "Write files with holes full: for a tar without GNU.sparse.")
    var noSparse = false
    @Option(
        help: .init(
            "Split into volumes of so many bytes, at least 1M (25M is 25 MiB, 25MB are 25,000,000).",
            valueName: "size"))
    var split: String?
    @Option(
        help: .init(
            "Who alone can read it: an age key (age1…), an SSH public key or a file of them, by age;"
                + " a fingerprint, key ID or e-mail address, by gpg. May be given several times.",
            valueName: "recipient"))
    var encryptTo: [String] = []
    @Option(
        help: .init(
            "Sign it: the file of an SSH key, or a fingerprint, key ID or e-mail address of gpg.",
            valueName: "key"))
    var sign: String?

    /// The options that were given, by name, as they were typed.
    var given: [String: [String]] {
        let single: [(SettingName, String?)] = [
            (.compression, compression), (.level, level), (.threads, threads), (.memory, memory),
            (.format, format), (.split, split), (.sign, sign),
        ]
        var given = single.reduce(into: [String: [String]]()) { given, option in
            if let text = option.1 { given[option.0.rawValue] = [text] }
        }
        if noSparse { given[SettingName.noSparse.rawValue] = ["yes"] }
        if !encryptTo.isEmpty { given[SettingName.encryptTo.rawValue] = encryptTo }
        return given
    }
}

/// Whether the host folder goes when the bundle is whole.
struct ArchiveOnlyOption: ParsableArguments {
    @Flag(
        help: """
            Keep the bundle alone: once it is sealed and read back, the host folder is removed.
            """)
    var archiveOnly = false
}
