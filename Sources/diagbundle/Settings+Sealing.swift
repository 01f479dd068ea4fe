import DiagArchive
import DiagCodec
import DiagModel

/// The settings of the bundle, as what they mean.
extension Settings {
    /// How the bundle is compressed; by when is not said.
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
            return options
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
