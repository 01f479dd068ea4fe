import DiagCodec
import Foundation
import SystemPackage

@testable import DiagArchive

/// Bundles in volumes, and what is done to them.
enum VolumeSample {
    /// Bytes of a volume: no multiple of anything that the formats know.
    static let byteCount: Int64 = 1_000_003

    /// A host folder whose bundle has many blocks, some in each volume.
    static func folder() throws -> TestFolder {
        try TestFolder.whole(
            extra: (0..<25).map { number in
                (
                    Array("logs/noise\(number + 10).bin".utf8),
                    SealedSample.noise(300_000, seed: UInt64(number))
                )
            }, asciiOnly: true)
    }

    static func seal(
        _ folder: TestFolder, _ format: BlockFormat, byteCount: Int64? = byteCount,
        name: String = "host17.tar"
    ) throws -> SealedBundle {
        try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/" + name),
            options: BundleOptions(
                format: format, level: format == .none ? nil : 1, threadCount: 2,
                volumeByteCount: byteCount))
    }

    static func volume(_ number: Int, in folder: TestFolder) -> String {
        folder.path + "/host17.tar." + VolumeName.digits(number, count: 3)
    }

    /// What happened to volumes between two desks.
    enum Accident: CaseIterable {
        case firstMissing, middleMissing, lastMissing, twoMissing
        case firstShort, middleShort, middleEmpty, lastShort, lastLong
        case doubled, firstDoubled, swapped, firstSwapped

        /// Does it to the `count` volumes in `folder`: at least 7.
        ///
        /// - Returns: the volume that an error has to name first.
        func happen(to folder: TestFolder, count: Int) throws -> Int {
            let files = FileManager.default
            func path(_ number: Int) -> String { volume(number, in: folder) }
            func cut(_ number: Int, to part: Double) throws -> Int {
                let content = try bytes(path(number))
                let kept = Int(Double(content.count) * part)
                try SealedSample.write(Array(content[..<kept]), to: path(number))
                return number
            }
            func swap(_ one: Int, _ other: Int) throws {
                let content = try bytes(path(one))
                try SealedSample.write(bytes(path(other)), to: path(one))
                try SealedSample.write(content, to: path(other))
            }
            switch self {
            case .firstMissing: try files.removeItem(atPath: path(1)); return 1
            case .middleMissing: try files.removeItem(atPath: path(3)); return 3
            case .lastMissing: try files.removeItem(atPath: path(count)); return count - 1
            case .twoMissing:
                for number in [5, 2] { try files.removeItem(atPath: path(number)) }
                return 2
            case .firstShort: return try cut(1, to: 0.7)
            case .middleShort: return try cut(3, to: 0.5)
            case .middleEmpty: return try cut(3, to: 0)
            case .lastShort: return try cut(count, to: 0.5)
            case .lastLong:
                let more = [UInt8](repeating: 7, count: 1_000_100)
                try SealedSample.write(bytes(path(count)) + more, to: path(count))
                return count
            case .doubled: try SealedSample.write(bytes(path(3)), to: path(5)); return 5
            case .firstDoubled: try SealedSample.write(bytes(path(1)), to: path(2)); return 2
            case .swapped: try swap(3, 5); return 3
            case .firstSwapped: try swap(1, 2); return 1
            }
        }

        /// What the error has to say.
        func words(count: Int) -> String {
            switch self {
            case .firstMissing: "volume 1 of the set is missing"
            case .middleMissing: "volume 3 of the set is missing"
            case .lastMissing: "volume \(count) is missing"
            case .twoMissing: "volume 2 of the set is missing; volume 5 of the set is missing"
            case .firstShort: "volume 1 of the set is shorter than others: it has 700002 of"
            case .middleShort: "volume 3 of the set is shorter than others: it has 500001 of"
            case .middleEmpty: "volume 3 of the set is shorter than others: it has 0 of"
            case .lastShort: "volume \(count), the last that is there: it is cut"
            case .lastLong: "volume \(count), the last of the set, has"
            case .doubled: "it is volume 3 once more"
            case .firstDoubled: "it is volume 1 once more"
            case .swapped: "volume 5 does, they may be swapped"
            case .firstSwapped: "volume 2 does, they may be swapped"
            }
        }

        /// How many volumes are not what they were.
        var hitCount: Int {
            switch self {
            case .twoMissing, .swapped, .firstSwapped: 2
            default: 1
            }
        }
    }
}
