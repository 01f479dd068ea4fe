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
            options.container = try container
            options.keepsHoles = try !isYes(.noSparse)
            options.format = format
            if options.container == .zip, format != .none {
                // That of the configuration is for tar streams.
                guard !isTyped(.compression) else {
                    throw wrong(
                        .compression,
                        "a zip is deflated, or stored with none; it has no \(format.rawValue)")
                }
                options.format = .xz
            }
            if !text(.level).isEmpty { options.level = try level(of: options) }
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

    /// Takes what the name of a bundle says, where nothing else says whether it is a tar or a zip.
    ///
    /// - Throws: ``CommandFailure`` with exit code 64 when it says otherwise.
    mutating func chooseContainer(named name: String) throws {
        var name = name.lowercased()
        if isGiven(.encryptTo),
            let suffix = BundleCipher.allCases.map(\.suffix).first(where: name.hasSuffix)
        {
            name.removeLast(suffix.count)
        }
        let isNamedZip = name.hasSuffix(".zip")
        guard isTyped(.format) else {
            let container: BundleOptions.Container = isNamedZip ? .zip : .tar
            return override(with: [SettingName.format.rawValue: [container.rawValue]])
        }
        guard (try container == .zip) != isNamedZip else { return }
        throw wrong(
            .format,
            isNamedZip
                ? "the name \(name) is that of a zip"
                : "the name of a zip ends in .zip, not as \(name)")
    }

    private var container: BundleOptions.Container {
        get throws {
            guard let container = BundleOptions.Container(rawValue: text(.format)) else {
                throw wrong(.format, "tar or zip is needed, not \"\(text(.format))\"")
            }
            return container
        }
    }

    private func level(of options: BundleOptions) throws -> Int? {
        let isZip = options.container == .zip
        let range: ClosedRange<Int>
        switch options.format {
        case .xz: range = isZip ? 1...9 : 0...9
        case .zstd: range = 1...19
        case .none:
            // That of the configuration is for the bundles that are compressed.
            guard isTyped(.level) else { return nil }
            throw wrong(.level, "what is not compressed has no level")
        }
        guard let number = Int(text(.level)), range.contains(number) else {
            throw wrong(
                .level,
                "a number from \(range.lowerBound) to \(range.upperBound) is needed for"
                    + " \(isZip ? "zip" : options.format.rawValue), not \"\(text(.level))\"")
        }
        return number
    }

    /// Whether the host folder goes when its bundle is whole.
    var isArchiveOnly: Bool { get throws { try isYes(.archiveOnly) } }
}

extension BundleOptions {
    /// What the name of a bundle ends with.
    var bundleEnding: String {
        (container == .zip ? ".zip" : format.bundleEnding) + (encryption?.cipher.suffix ?? "")
    }
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
