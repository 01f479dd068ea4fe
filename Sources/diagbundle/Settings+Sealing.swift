import DiagArchive
import DiagCodec
import DiagModel
import SystemPackage

/// The settings of the bundle, as what they mean.
extension Settings {
    /// How the bundle is compressed and split; by when, for whom and by whom is not said.
    ///
    /// - Throws: ``CommandFailure`` with exit code 64, also when the memory is not enough.
    var sealing: BundleOptions {
        get throws {
            var options = BundleOptions()
            guard let format = BlockFormat(rawValue: text(.compression)) else {
                throw wrong(
                    .compression, "xz, zstd or none is needed, not \"\(text(.compression))\"")
            }
            options.format = format
            if !text(.level).isEmpty { options.level = try level(of: format) }
            if !text(.threads).isEmpty {
                guard let number = Int(text(.threads)), (1...64).contains(number) else {
                    throw wrong(
                        .threads, "a number from 1 to 64 is needed, not \"\(text(.threads))\"")
                }
                options.threadCount = number
            }
            if !text(.memory).isEmpty {
                options.memoryByteLimit = Int(clamping: try byteCount(.memory))
                if let shortage = options.memoryShortage {
                    throw wrong(.memory, "\(text(.memory)): \(shortage)")
                }
            }
            if isGiven(.split) { options.volumeByteCount = try volumeByteCount }
            return options
        }
    }

    /// The same, with whom the bundle is encrypted for and by whom signed: the programs that do it
    /// are tried, and may ask for a passphrase. Paths of keys are taken from `folder`, or the working
    /// directory.
    ///
    /// - Throws: ``CommandFailure``: with exit code 64 where something is wrong or a key cannot be
    ///   used, 69 where a program or a file of a key is not there.
    func preparedSealing(from folder: String? = nil) throws -> BundleOptions {
        var options = try sealing
        let folder = FilePath(folder ?? "")
        do throws(ArchiveError) {
            // An empty word is wrong: it may come of a variable that is not set.
            if let recipients = values[.encryptTo]?.texts, isGiven(.encryptTo) {
                options.encryption = try .prepare(recipients, from: folder)
            }
            if isGiven(.sign) { options.signing = try .prepare(text(.sign), from: folder) }
        } catch { throw CommandFailure(reading: error) }
        return options
    }

    /// Whether programs with keys are needed.
    var hasKeys: Bool { isGiven(.encryptTo) || isGiven(.sign) }

    private func isGiven(_ name: SettingName) -> Bool { values[name]?.texts.isEmpty == false }

    private var volumeByteCount: Int64 {
        get throws {
            let count = try byteCount(.split)
            let least = SealedVolume.leastByteCount
            guard count >= least else {
                throw wrong(
                    .split,
                    "\(text(.split)): volumes have at least \(ByteCountText.describe(least))"
                        + " (\(least) bytes)")
            }
            return count
        }
    }

    private func level(of format: BlockFormat) throws -> Int? {
        let range: ClosedRange<Int>
        switch format {
        case .xz: range = 0...9
        case .zstd: range = 1...19
        case .none:
            // That of the configuration is for the bundles that are compressed.
            guard values[.level]?.source == .commandLine else { return nil }
            throw wrong(.level, "what is not compressed has no level")
        }
        guard let number = Int(text(.level)), range.contains(number) else {
            throw wrong(
                .level,
                "a number from \(range.lowerBound) to \(range.upperBound) is needed for"
                    + " \(format.rawValue), not \"\(text(.level))\"")
        }
        return number
    }

    /// Whether the host folder goes when its bundle is whole.
    var isArchiveOnly: Bool { get throws { try isYes(.archiveOnly) } }
}

extension BundleOptions {
    /// What the name of a bundle ends with.
    var bundleEnding: String { format.bundleEnding + (encryption?.cipher.suffix ?? "") }
}

extension BlockFormat {
    /// What the name of a bundle ends with.
    var bundleEnding: String {
        switch self {
        case .xz: ".tar.xz"
        case .zstd: ".tar.zst"
        case .none: ".tar"
        }
    }
}
