/// Which bytes of a sparse file are data; all others are holes, which read as zeros.
///
/// Before the data of a sparse member stands its map: decimal numbers, each with a line feed behind
/// it: how many entries there are, then of each the offset in the file and the byte count. Zeros
/// fill it up to a multiple of 512. An entry without bytes at the file's end says where that is.
/// Source: GNU tar manual, "Storing Sparse Files", "PAX Format, Version 1.0".
struct SparseMap: Hashable, Sendable {
    /// The parts that are data: sorted, none empty, none beside another.
    let regions: [Range<Int64>]
    /// The size of the file, holes included.
    let byteCount: Int64

    /// A longer map is refused: those that read it hold it in memory.
    static let encodedByteLimit = 4 << 20
    /// The most parts that are written; `encoded` is at most 1.4 MB then.
    static let regionLimit = 32_768

    /// Bytes of data.
    var dataByteCount: Int64 { regions.reduce(0) { $0 + Int64($1.count) } }

    /// The holes between, before and behind the parts, sorted.
    var holes: [Range<Int64>] {
        var holes = [Range<Int64>]()
        var position: Int64 = 0
        for region in regions {
            if region.lowerBound > position { holes.append(position..<region.lowerBound) }
            position = region.upperBound
        }
        if position < byteCount { holes.append(position..<byteCount) }
        return holes
    }

    /// The map as it stands before the data, with the zeros behind it.
    var encoded: [UInt8] {
        var text = "\(regions.count + 1)\n"
        for region in regions { text += "\(region.lowerBound)\n\(region.count)\n" }
        text += "\(byteCount)\n0\n"
        var bytes = Array(text.utf8)
        let padded = Int(MemberIndexFormat.padded(Int64(bytes.count)))
        bytes += repeatElement(0, count: padded - bytes.count)
        return bytes
    }
}

/// Why a map of a sparse file cannot be so.
struct SparseMapFault: Error, Hashable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Reads the map of a sparse member as its bytes pass, and believes none of it.
struct SparseMapReader {
    private let fileByteCount: Int64
    private var passed = 0
    /// The digits of the number at hand.
    private var number: Int64?
    /// How many numbers are still to come; `nil` before the first.
    private var remaining: Int?
    private var start: Int64?
    private var end: Int64 = 0
    private var regions = [Range<Int64>]()

    /// For a file of `byteCount` bytes.
    init(byteCount: Int64) { fileByteCount = byteCount }

    /// The whole map; `nil` until ``take(_:)`` has passed the zeros behind it.
    var map: SparseMap? {
        isWhole ? SparseMap(regions: regions, byteCount: fileByteCount) : nil
    }

    private var isWhole: Bool { remaining == 0 && passed % TarHeader.byteCount == 0 }

    /// How many bytes the map and the zeros behind it take, up to now.
    var byteCount: Int64 { Int64(passed) }

    /// Takes some of `bytes`, at least one, and none behind the map; how many.
    ///
    /// - Throws: ``SparseMapFault`` for what is no number, entries that are not sorted, lie over one
    ///   another or behind the end of the file, and more than ``SparseMap/encodedByteLimit`` bytes.
    mutating func take(_ bytes: Span<UInt8>) throws(SparseMapFault) -> Int {
        for index in 0..<bytes.count {
            if isWhole { return index }
            passed += 1
            guard passed <= SparseMap.encodedByteLimit else {
                throw SparseMapFault(
                    "its map is longer than \(SparseMap.encodedByteLimit) bytes")
            }
            if remaining != 0 { try take(bytes[index]) }
        }
        return bytes.count
    }

    private mutating func take(_ byte: UInt8) throws(SparseMapFault) {
        if (0x30...0x39).contains(byte) {
            let (tens, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tens.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !overflows else {
                throw SparseMapFault("a number in its map is too large")
            }
            number = sum
            return
        }
        guard byte == 0x0A, let value = number else {
            throw SparseMapFault("something else than numbers stands in its map")
        }
        number = nil
        guard let left = remaining else {
            guard value <= Int64(SparseMap.encodedByteLimit) else {
                throw SparseMapFault("its map claims \(value) entries")
            }
            remaining = Int(value) * 2
            return
        }
        remaining = left - 1
        guard let lower = start else {
            start = value
            return
        }
        start = nil
        guard lower >= end, lower <= fileByteCount, value <= fileByteCount - lower else {
            throw SparseMapFault(
                "its map has \(value) bytes at \(lower), behind \(end) of \(fileByteCount)")
        }
        end = lower + value
        guard value > 0 else { return }
        if let last = regions.last, last.upperBound == lower {
            regions[regions.count - 1] = last.lowerBound..<end
        } else {
            regions.append(lower..<end)
        }
    }
}
