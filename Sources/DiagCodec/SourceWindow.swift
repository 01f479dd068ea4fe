/// A look at a file that may not be readable everywhere, 64 KiB at a time.
struct SourceWindow {
    private static let partByteCount = 64 << 10
    /// What is passed over where the disk gives nothing.
    private static let unreadableByteCount: Int64 = 4096

    private let source: BlockSource
    private var part = [UInt8]()
    private var start: Int64 = 0

    init(_ source: BlockSource) { self.source = source }

    /// `count` bytes from `offset` on, at most 64 KiB; `nil` where the file ends before, or where it
    /// cannot be read.
    mutating func bytes(at offset: Int64, count: Int) -> [UInt8]? {
        guard load(offset, count) else { return nil }
        let from = Int(offset - start)
        return Array(part[from..<from + count])
    }

    /// Whether the byte at `offset` can be read, or lies behind the end.
    mutating func isReadable(at offset: Int64) -> Bool {
        offset >= source.byteCount || load(offset, 1)
    }

    /// A place behind `offset` that can be read; the end of the file when there is none.
    mutating func nextReadable(after offset: Int64) -> Int64 {
        var place = offset
        while place < source.byteCount {
            // What is looked for has four bytes at least: none of it ends before such a hole.
            if let hole = source.holes.first(where: {
                $0.lowerBound < place + 4 && $0.upperBound > place
            }) {
                place = hole.upperBound
            } else {
                place = place / Self.unreadableByteCount * Self.unreadableByteCount
                place += Self.unreadableByteCount
            }
            if isReadable(at: place) { break }
        }
        return min(place, source.byteCount)
    }

    /// Where the next frame of zstd, or skippable one, may begin behind `offset`.
    mutating func firstZstdMagic(after offset: Int64) -> Int64? {
        var place = offset + 1
        while place + 4 <= source.byteCount {
            guard load(place, 4) else {
                place = nextReadable(after: place)
                continue
            }
            for index in Int(place - start)...part.count - 4 where isZstdMagic(at: index) {
                return start + Int64(index)
            }
            place = start + Int64(part.count - 3)
        }
        return nil
    }

    private func isZstdMagic(at index: Int) -> Bool {
        part[index] == 0x28 && part.littleEndian32(at: index) == ZstdSeekTableReader.zstdMagic
    }

    /// Makes the part hold these bytes.
    private mutating func load(_ offset: Int64, _ count: Int) -> Bool {
        guard offset >= 0, count <= Self.partByteCount, offset <= source.byteCount - Int64(count)
        else { return false }
        if offset >= start, offset + Int64(count) <= start + Int64(part.count) { return true }
        // A bad sector takes only what is near it along.
        for wanted in [Self.partByteCount, Int(Self.unreadableByteCount), count] {
            let most = Int(min(Int64(max(wanted, count)), source.byteCount - offset))
            if let bytes = try? source.bytes(at: offset, count: most, of: "file") {
                part = bytes
                start = offset
                return true
            }
        }
        return false
    }
}
