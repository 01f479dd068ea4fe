import ArgumentParser

/// How a bundle is compressed: the options of all that seals one.
struct SealingOptions: ParsableArguments {
    /// The heading in the help of what makes more than a bundle.
    static let title = "Bundle options"

    @Option(
        help: .init("How to compress: xz, zstd or none (default: xz).", valueName: "format"))
    var compression: String?
    @Option(help: "How strongly: xz 0 to 9 (default: 1), zstd 1 to 19 (default: 3).")
    var level: String?
    @Option(help: "Blocks compressed side by side (default: processors).")
    var threads: String?
    @Option(
        help: "Most bytes of memory for it; lowers threads, then the dictionary, then the blocks.")
    var memory: String?

    /// The options that were given, by name, as they were typed.
    var given: [String: [String]] {
        let single: [(SettingName, String?)] = [
            (.compression, compression), (.level, level), (.threads, threads), (.memory, memory),
        ]
        return single.reduce(into: [:]) { given, option in
            if let text = option.1 { given[option.0.rawValue] = [text] }
        }
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
