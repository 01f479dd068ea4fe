/// The records of many members, each whole, in chunks of one MiB.
///
/// One growing array would be there twice whenever it grows. A record takes 80 bytes and those of
/// its path, and 8 bytes of its place.
struct MemberIndexRecords {
    private static let chunkBits = 20
    private static var chunkByteCount: Int { 1 << chunkBits }

    private var chunks = [[UInt8]]()

    /// How much memory is reserved, in bytes.
    var reservedByteCount: Int { chunks.reduce(0) { $0 + $1.capacity } }

    /// Adds what ``IndexedMember/record(path:)`` gives; the place to find it by.
    mutating func append(_ record: [UInt8]) -> Int {
        if chunks.last.map({ $0.count + record.count > Self.chunkByteCount }) ?? true {
            var chunk = [UInt8]()
            chunk.reserveCapacity(Self.chunkByteCount)
            chunks.append(chunk)
        }
        let number = chunks.count - 1
        let place = number << Self.chunkBits | chunks[number].count
        chunks[number] += record
        return place
    }

    /// The path of the record at `place`.
    func path(at place: Int) -> [UInt8] {
        let chunk = chunks[place >> Self.chunkBits]
        return Array(chunk[Self.pathRange(in: chunk, at: place)])
    }

    /// How many bytes the path of the record at `place` has.
    func pathByteCount(at place: Int) -> Int {
        Self.pathRange(in: chunks[place >> Self.chunkBits], at: place).count
    }

    /// How many bytes at their start the paths of two records share, and whether the left stands
    /// before the right.
    func compare(_ left: Int, _ right: Int) -> (sharedByteCount: Int, isBefore: Bool) {
        let leftChunk = chunks[left >> Self.chunkBits]
        let rightChunk = chunks[right >> Self.chunkBits]
        let leftPath = leftChunk.span.extracting(Self.pathRange(in: leftChunk, at: left))
        let rightPath = rightChunk.span.extracting(Self.pathRange(in: rightChunk, at: right))
        let shared = Self.sharedByteCount(leftPath, rightPath)
        guard shared < leftPath.count, shared < rightPath.count else {
            return (shared, leftPath.count < rightPath.count)
        }
        return (shared, leftPath[shared] < rightPath[shared])
    }

    /// Adds the record at `place` to `page`, without the first `shared` bytes of its path.
    func write(_ place: Int, shared: Int, to page: inout [UInt8]) {
        let chunk = chunks[place >> Self.chunkBits]
        let path = Self.pathRange(in: chunk, at: place)
        page.append(littleEndian: UInt16(clamping: shared))
        page.append(littleEndian: UInt16(clamping: path.count - shared))
        page += chunk[path.lowerBound - MemberIndexFormat.recordByteCount + 4..<path.lowerBound]
        page += chunk[path.dropFirst(shared)]
    }

    private static func pathRange(in chunk: [UInt8], at place: Int) -> Range<Int> {
        let start = place & (chunkByteCount - 1)
        let path = start + MemberIndexFormat.recordByteCount
        return path..<path + (Int(chunk[start + 2]) | Int(chunk[start + 3]) << 8)
    }

    /// Eight bytes at a time: sorting compares long paths that begin alike very often.
    private static func sharedByteCount(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        let count = min(left.count, right.count)
        let leftBytes = unsafe left.bytes
        let rightBytes = unsafe right.bytes
        var offset = 0
        while offset + 8 <= count {
            let one = unsafe leftBytes.unsafeLoadUnaligned(
                fromByteOffset: offset, as: UInt64.self)
            let other = unsafe rightBytes.unsafeLoadUnaligned(
                fromByteOffset: offset, as: UInt64.self)
            let difference = (one ^ other).littleEndian
            if difference != 0 { return offset + difference.trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < count, left[offset] == right[offset] { offset += 1 }
        return offset
    }
}
