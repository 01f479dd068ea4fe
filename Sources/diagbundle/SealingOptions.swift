import ArgumentParser
import DiagArchive
import DiagCodec
import DiagModel

/// How a bundle is compressed: the options of all that seals one.
struct SealingOptions: ParsableArguments {
    @Option(
        help: .init("How to compress: xz, zstd or none (default: xz).", valueName: "format"))
    var compression: String?
    @Option(help: "How strongly: xz 0 to 9 (default: 1), zstd 1 to 19 (default: 3).")
    var level: String?
    @Option(help: "Blocks compressed side by side (default: processors).")
    var threads: String?
    @Option(help: "Most bytes of memory for it; lowers threads, then the dictionary.")
    var memory: String?
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

    /// What they say. Programs that encrypt and sign were tried then.
    ///
    /// - Throws: ``CommandFailure``: with exit code 64 where they are wrong or a key cannot be used,
    ///   69 where a program or a file of a key is not there.
    func options() throws -> BundleOptions {
        var options = BundleOptions()
        if let compression {
            guard let format = BlockFormat(rawValue: compression) else {
                throw CommandFailure(
                    .usage, "--compression is xz, zstd or none, not \(compression)")
            }
            options.format = format
        }
        if let level {
            let range: ClosedRange<Int>? =
                switch options.format {
                case .xz: 0...9
                case .zstd: 1...19
                case .none: nil
                }
            guard let range else {
                throw CommandFailure(.usage, "--compression none has no --level")
            }
            guard let number = Int(level), range.contains(number) else {
                throw CommandFailure(
                    .usage,
                    "--level of \(options.format.rawValue) is \(range.lowerBound) to"
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
        if let split { options.volumeByteCount = try Self.volumeByteCount(split) }
        do throws(ArchiveError) {
            if !encryptTo.isEmpty { options.encryption = try .prepare(encryptTo) }
            if let sign { options.signing = try .prepare(sign) }
        } catch { throw CommandFailure(reading: error) }
        return options
    }

    private static func volumeByteCount(_ text: String) throws -> Int64 {
        let byteCount: Int64
        do throws(ValueTextError) { byteCount = try ByteCountText.parse(text) } catch {
            throw CommandFailure(.usage, "--split: \(error)")
        }
        let least = SealedVolume.leastByteCount
        guard byteCount >= least else {
            throw CommandFailure(
                .usage,
                "--split \(text): volumes have at least \(ByteCountText.describe(least))"
                    + " (\(least) bytes)")
        }
        return byteCount
    }
}
