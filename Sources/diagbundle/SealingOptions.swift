import ArgumentParser
import DiagArchive
import DiagCodec
import DiagModel

/// How a bundle is compressed: the options of all that seals one.
struct SealingOptions: ParsableArguments {
    @Option(
        help: .init("How to compress: xz, zstd or none (default: xz).", valueName: "format"))
    var compression: String?
    @Option(
        help: .init(
            "What to write: tar, or zip for a name that ends in .zip (default: by the name).",
            valueName: "format"))
    var format: String?
    @Option(
        help: """
            How strongly: xz 0 to 9 (default: 1), zstd 1 to 19 (default: 3), zip 1 to 9 (default: 6).
            """)
    var level: String?
    @Option(help: "Blocks compressed side by side (default: processors).")
    var threads: String?
    @Option(help: "Most bytes of memory for it; lowers threads, then the dictionary.")
    var memory: String?
    @Flag(help: "Write files with holes full: for a tar without GNU.sparse.")
    var noSparse = false

    /// What they say of a bundle called `name`.
    ///
    /// - Throws: ``CommandFailure`` with exit code 64.
    func options(for name: String) throws -> BundleOptions {
        var options = BundleOptions(container: try container(for: name), keepsHoles: !noSparse)
        if let compression {
            guard let format = BlockFormat(rawValue: compression) else {
                throw CommandFailure(
                    .usage, "--compression is xz, zstd or none, not \(compression)")
            }
            guard options.container == .tar || format == .none else {
                throw CommandFailure(
                    .usage,
                    "a zip is deflated, or stored with --compression none; it has no \(compression)"
                )
            }
            options.format = format
        }
        if let level {
            let range: ClosedRange<Int>? =
                switch options.format {
                case .xz: options.container == .zip ? 1...9 : 0...9
                case .zstd: 1...19
                case .none: nil
                }
            guard let range else {
                throw CommandFailure(.usage, "--compression none has no --level")
            }
            guard let number = Int(level), range.contains(number) else {
                throw CommandFailure(
                    .usage,
                    "--level of \(options.container == .zip ? "zip" : options.format.rawValue) is \(range.lowerBound) to"
                        + " \(range.upperBound), not \(level)")
            }
            options.level = number
        }
        if let threads {
            guard let number = Int(threads), (1...64).contains(number) else {
                throw CommandFailure(.usage, "--threads is 1 to 64, not \(threads)")
            }
            options.threadCount = number
        }
        if let memory {
            do throws(ValueTextError) {
                options.memoryByteLimit = Int(clamping: try ByteCountText.parse(memory))
            } catch { throw CommandFailure(.usage, "--memory: \(error)") }
        }
        return options
    }

    private func container(for name: String) throws -> BundleOptions.Container {
        let isNamedZip = name.lowercased().hasSuffix(".zip")
        guard let format else { return isNamedZip ? .zip : .tar }
        guard let container = BundleOptions.Container(rawValue: format) else {
            throw CommandFailure(.usage, "--format is tar or zip, not \(format)")
        }
        guard (container == .zip) == isNamedZip else {
            throw CommandFailure(
                .usage,
                container == .zip
                    ? "the name of a zip ends in .zip, not as \(name)"
                    : "the name \(name) is that of a zip, and --format is tar")
        }
        return container
    }
}
