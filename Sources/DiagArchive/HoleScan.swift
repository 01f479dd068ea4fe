internal import DiagSystem

/// Finds the holes of a file that are left out of a bundle.
///
/// What a file holds decides, not how its file system stores it: a copy of a host folder gives the
/// same bundle, whether or not the copy has the holes. So a hole is a row of cells of 1 MiB, counted
/// from the start of the file, that hold nothing but zeros. What the file system says to be a hole
/// is not read; of other cells the first 4 KiB are, and the rest only when these are zeros.
///
/// A bundle compresses zeros to almost nothing, and a member with holes is understood by fewer
/// programs than a full one. What leaving zeros out saves is the time to read and compress them and
/// the room on the disk where they are unpacked: below 16 MiB that is not worth it.
enum HoleScan {
    static let cellByteCount: Int64 = 1 << 20
    /// A file with fewer bytes in holes is written full.
    static let leastByteCount: Int64 = 16 << 20

    /// The map of a file of `byteCount` bytes; `nil` when it is to be written full.
    ///
    /// `nextData` says where from an offset on the file system has data, `nil` for nowhere.
    /// `isZero` says whether a cell holds zeros alone. Holes are taken in longer and longer rows of
    /// cells until there are at most ``SparseMap/regionLimit`` parts of data.
    static func map(
        byteCount: Int64,
        nextData: (Int64) throws(ArchiveError) -> Int64?,
        isZero: (Range<Int64>) throws(ArchiveError) -> Bool
    ) throws(ArchiveError) -> SparseMap? {
        guard byteCount >= leastByteCount else { return nil }
        var holes = [Range<Int64>]()
        var position: Int64 = 0
        var data: Int64 = 0
        func add(_ end: Int64) {
            if let last = holes.last, last.upperBound == position {
                holes[holes.count - 1] = last.lowerBound..<end
            } else {
                holes.append(position..<end)
            }
        }
        while position < byteCount {
            if data <= position { data = max(position, try nextData(position) ?? byteCount) }
            let next = min(position + cellByteCount, byteCount)
            if data >= next {
                let end = data >= byteCount ? byteCount : data / cellByteCount * cellByteCount
                add(end)
                position = end
                continue
            }
            if try isZero(position..<next) { add(next) }
            position = next
        }
        var least = cellByteCount
        while holes.count >= SparseMap.regionLimit {
            least *= 2
            holes.removeAll { Int64($0.count) < least }
        }
        guard holes.reduce(0, { $0 + Int64($1.count) }) >= leastByteCount else { return nil }
        var regions = [Range<Int64>]()
        var end: Int64 = 0
        for hole in holes {
            if hole.lowerBound > end { regions.append(end..<hole.lowerBound) }
            end = hole.upperBound
        }
        if end < byteCount { regions.append(end..<byteCount) }
        return SparseMap(regions: regions, byteCount: byteCount)
    }
}
