/// Finds the frames of a zstd file by the seek table at its end.
///
/// Source: zstd `contrib/seekable_format/zstd_seekable_compression_format.md` 0.1.0.
struct ZstdSeekTableReader {
    static let zstdMagic: UInt32 = 0xFD2F_B528
    /// The skippable frame that holds the table.
    static let frameMagic: UInt32 = 0x184D_2A5E
    static let footerMagic: UInt32 = 0x8F92_EAB1
    static let footerByteCount = 9
    private static let headerByteCount = 8
    private static let what = "zstd seek table"

    private let source: BlockSource
    private let blockLimit: Int

    init(_ source: BlockSource, blockLimit: Int) {
        self.source = source
        self.blockLimit = blockLimit
    }

    /// All frames in the order of the file; `nil` without a table.
    func extents() throws -> [BlockTable.Extent]? {
        let edges = Int64(Self.headerByteCount + Self.footerByteCount)
        guard source.byteCount >= edges else { return nil }
        let footerOffset = source.byteCount - Int64(Self.footerByteCount)
        let footer = try source.bytes(
            at: footerOffset, count: Self.footerByteCount, of: Self.what)
        guard footer.littleEndian32(at: 5) == Self.footerMagic else {
            try refuseDamagedEnd()
            return nil
        }
        // Bit 7: checksums of the frames' contents. Bits 2 to 6 are reserved, 0 and 1 unused.
        guard footer[4] & 0x7C == 0 else {
            throw BlockFormatError(
                .unsupported, Self.what, at: footerOffset + 4, "it has unknown flags")
        }
        let count = Int(footer.littleEndian32(at: 0))
        let entryByteCount = footer[4] & 0x80 == 0 ? 8 : 12
        let tableByteCount = Int64(count) * Int64(entryByteCount) + Int64(Self.footerByteCount)
        let offset = source.byteCount - tableByteCount - Int64(Self.headerByteCount)
        guard offset >= 0 else {
            throw BlockFormatError(
                .damaged, Self.what, at: footerOffset,
                "it claims \(count) frames in a file of \(source.byteCount) bytes")
        }
        guard count <= blockLimit else {
            throw BlockFormatError(
                .tooLarge, Self.what, at: footerOffset, "there are more than \(blockLimit) blocks")
        }
        let header = try source.bytes(at: offset, count: Self.headerByteCount, of: Self.what)
        guard header.littleEndian32(at: 0) == Self.frameMagic,
            Int64(header.littleEndian32(at: 4)) == tableByteCount
        else {
            throw BlockFormatError(
                .damaged, Self.what, at: offset, "its head does not belong to its end")
        }
        return try entries(
            at: offset + Int64(Self.headerByteCount), count: count,
            entryByteCount: entryByteCount, framesByteCount: offset)
    }

    /// Tells a table whose last bytes are damaged from a file without one: its skippable frame
    /// still ends with the file. The last MiB is searched, which is a table of 131,000 frames.
    private func refuseDamagedEnd() throws {
        let count = Int(min(source.byteCount, 1 << 20))
        let start = source.byteCount - Int64(count)
        let bytes = try source.bytes(at: start, count: count, of: Self.what)
        var place = count - Self.headerByteCount - Self.footerByteCount
        while place >= 0 {
            if bytes[place] == UInt8(truncatingIfNeeded: Self.frameMagic),
                bytes.littleEndian32(at: place) == Self.frameMagic,
                Int(bytes.littleEndian32(at: place + 4)) == count - place - Self.headerByteCount
            {
                throw BlockFormatError(
                    .damaged, Self.what, at: start + Int64(place), "its last bytes are damaged")
            }
            place -= 1
        }
    }

    /// The entries, whose frames fill the `framesByteCount` bytes before the table exactly.
    private func entries(
        at start: Int64, count: Int, entryByteCount: Int, framesByteCount: Int64
    ) throws -> [BlockTable.Extent] {
        var extents = [BlockTable.Extent]()
        extents.reserveCapacity(count)
        var offset: Int64 = 0
        let perPart = 5_000
        for first in stride(from: 0, to: count, by: perPart) {
            let place = start + Int64(first * entryByteCount)
            let number = min(perPart, count - first)
            let bytes = try source.bytes(at: place, count: number * entryByteCount, of: Self.what)
            for index in 0..<number {
                let position = index * entryByteCount
                let compressed = Int64(bytes.littleEndian32(at: position))
                let uncompressed = Int64(bytes.littleEndian32(at: position + 4))
                guard compressed > 0, compressed <= framesByteCount - offset else {
                    throw BlockFormatError(
                        .damaged, Self.what, at: place + Int64(position),
                        "a frame of \(compressed) bytes does not fit into the "
                            + "\(framesByteCount - offset) that are left")
                }
                guard uncompressed > 0 else {
                    throw BlockFormatError(
                        .unsupported, Self.what, at: place + Int64(position),
                        "it lists a frame of 0 bytes")
                }
                extents.append(
                    .init(
                        offset: offset, listedByteCount: compressed,
                        uncompressedByteCount: uncompressed, check: .frame))
                offset += compressed
            }
        }
        guard offset == framesByteCount else {
            throw BlockFormatError(
                .damaged, Self.what, at: start,
                "its frames end at \(offset) and not where it begins")
        }
        return extents
    }
}
