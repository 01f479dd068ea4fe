import Foundation
import Testing

@testable import DiagFormats

/// No damaged superblock and no damaged LVM metadata traps or hangs.
@Suite("Damaged superblocks and LVM metadata")
struct StorageDamageTests {
    /// The readers of single structures, each with a real sample and how it begins.
    enum Format: String, CaseIterable {
        case ext4, xfs, btrfs, swap, vfat, fat16, exfat, ntfs, ntfsVolume, squashfs, erofs, f2fs
        case nilfs2, jfs, reiserfs, iso, label, area

        func sample() throws -> [UInt8] {
            func device(_ name: String) throws -> SparseDevice { try StorageFixture.device(name) }
            switch self {
            case .ext4: return try device("ext4").bytes(ExtSuperblock.region)
            case .xfs: return try device("xfs").bytes((0, 512))
            case .btrfs: return try device("btrfs").bytes(BtrfsSuperblock.region)
            case .swap: return try device("swap").bytes((0, 4096))
            case .vfat, .fat16, .exfat, .ntfs: return try device(rawValue).bytes((0, 512))
            case .ntfsVolume:
                let first = try device("ntfs").bytes((0, 512))
                let sector = try NTFSBootSector(parsing: first.span)
                return try device("ntfs").bytes((sector.volumeRecordOffset, 1024))
            case .iso: return try device("iso").bytes((32768, 8192))
            case .label: return Array(try StorageFixture.bytes("lvm/pv-head.bin").prefix(1024))
            case .area: return Array(try StorageFixture.bytes("lvm/pv-head.bin")[4096..<4608])
            default:
                let region = try #require(SmallSuperblocks.regions[rawValue])
                return try device(rawValue).bytes(region)
            }
        }

        /// Whether the bytes were taken; a `FormatError` is the only error there may be.
        @discardableResult
        func read(_ bytes: Span<UInt8>) -> Bool {
            do throws(FormatError) {
                switch self {
                case .ext4: _ = try ExtSuperblock(parsing: bytes).byteCount
                case .xfs: _ = try XFSSuperblock(parsing: bytes).byteCount
                case .btrfs: _ = try BtrfsSuperblock(parsing: bytes)
                case .swap: _ = try SwapHeader(parsing: bytes).byteCount
                case .vfat, .fat16:
                    _ = try FATBootSector(parsing: bytes)
                    _ = FATBootSector.label(inRootDirectory: bytes)
                case .exfat:
                    _ = try ExFATBootSector(parsing: bytes)
                    _ = ExFATBootSector.label(inRootDirectory: bytes)
                case .ntfs: _ = try NTFSBootSector(parsing: bytes)
                case .ntfsVolume: _ = try NTFSBootSector.Volume(parsing: bytes)
                case .iso: return SmallSuperblocks.parse("iso9660", bytes) != nil
                case .label: _ = try LVMLabel(parsing: bytes)
                case .area: _ = try LVMMetadataArea(parsing: bytes).textRegions
                default: return SmallSuperblocks.parse(rawValue, bytes) != nil
                }
                return true
            } catch {
                return false
            }
        }
    }

    @Test("Cut at every byte it is a value or an error", arguments: Format.allCases)
    func truncated(format: Format) throws {
        let bytes = try format.sample()
        let isRead = format.read(bytes.span)
        #expect(isRead)
        // The checksum of btrfs is only computed over the whole.
        for length in 0..<bytes.count { format.read(bytes.span.extracting(0..<length)) }
        let isStartRead = format.read(bytes.span.extracting(0..<16))
        #expect(!isStartRead)
    }

    @Test("With any byte changed it is a value or an error", arguments: Format.allCases)
    func flipped(format: Format) throws {
        var bytes = try format.sample()
        // Only every 64th byte of the long ones beyond the first kilobyte, which are payload.
        for index in bytes.indices where index < 704 || index % 64 == 0 {
            let old = bytes[index]
            for value in [old ^ 0xFF, 0, old &+ 1] {
                bytes[index] = value
                format.read(bytes.span)
            }
            bytes[index] = old
        }
    }

    /// A short text with everything that the configuration format has.
    static let text = """
        vg {id="a-b" seqno=4 status=["READ"] extent_size=8192 # c
        physical_volumes {pv0 {id="p" pe_start=2048 pe_count=63}}
        logical_volumes {lv {id="l" segment1 {start_extent=0 extent_count=1 type="striped"
        stripe_count=1 stripes=["pv0",0]}}}}
        creation_time=1795288231
        """

    @Test("A metadata text cut or changed at any byte is a value or an error")
    func text() throws {
        let bytes = Array(Self.text.utf8)
        let group = try LVMVolumeGroup(parsing: bytes.span)
        #expect(group.freeExtentCount == 62)
        for length in bytes.indices {
            _ = try? LVMVolumeGroup(parsing: bytes.span.extracting(0..<length))
        }
        var changed = bytes
        for index in bytes.indices {
            for value in [UInt8(0), 0x22, 0x7B, 0x7D, 0x5B, 0x39, 0xFF] {
                changed[index] = value
                _ = try? LVMVolumeGroup(parsing: changed.span)
            }
            changed[index] = bytes[index]
        }
        let whole = try StorageFixture.bytes("lvm/vg_diag.txt")
        for length in stride(from: 0, to: whole.count, by: 251) {
            _ = try? LVMVolumeGroup(parsing: whole.span.extracting(0..<length))
        }
    }

    @Test("Numbers as large as they come do not overflow")
    func largeNumbers() throws {
        let most = "9223372036854775807"
        let text = Self.text.replacingOccurrences(of: "=63", with: "=\(most)")
            .replacingOccurrences(of: "extent_count=1", with: "extent_count=\(most)")
            .replacingOccurrences(of: "=2048", with: "=\(most)")
        let bytes = Array(text.utf8)
        let group = try LVMVolumeGroup(parsing: bytes.span)
        #expect(group.byteCount == .max && group.physicalVolumes[0].firstExtentOffset == 0)
        #expect(group.logicalVolumes[0].byteCount == .max)
    }

    @Test("A hundred thousand random changes trap nowhere")
    func random() throws {
        let total =
            ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"].flatMap(Int.init) ?? 100_000
        var sequence = FixedSequence(state: 42)
        var samples = [(format: Format?, bytes: [UInt8])]()
        // Those whose checksum is over kilobytes get fewer turns.
        let large: [Format] = [.ext4, .xfs, .btrfs, .swap, .iso, .f2fs, .label, .area]
        for format in Format.allCases where !large.contains(format) {
            samples.append((format, try format.sample()))
        }
        samples.append((nil, Array(Self.text.utf8)))
        let slow = try large.map { ($0, try $0.sample()) }
        for round in 0..<total {
            if round % 100 == 0 {
                var (format, bytes) = slow[round / 100 % slow.count]
                for _ in 0..<4 {
                    bytes[sequence.next(below: bytes.count)] = UInt8(sequence.next(below: 256))
                }
                format.read(bytes.span)
                continue
            }
            // The same sample for some rounds, damaged more with each.
            let place = round / 8 % samples.count
            if round % 8 == 0 { samples[place].bytes = try Self.sound(samples[place].format) }
            let count = samples[place].bytes.count
            for _ in 0..<2 {
                samples[place].bytes[sequence.next(below: count)] = UInt8(
                    sequence.next(below: 256))
            }
            let damaged = samples[place].bytes
            if let format = samples[place].format {
                format.read(damaged.span)
            } else if round % 3 == 0 {
                _ = try? LVMVolumeGroup(parsing: damaged.span)
            } else {
                _ = try? LVMConfiguration(parsing: damaged.span.extracting(0..<60))
            }
        }
    }

    private static let soundSamples: [Format: [UInt8]] = {
        var samples = [Format: [UInt8]]()
        for format in Format.allCases { samples[format] = try? format.sample() }
        return samples
    }()

    private static func sound(_ format: Format?) throws -> [UInt8] {
        guard let format else { return Array(text.utf8) }
        return try #require(soundSamples[format])
    }
}
