internal import DiagSystem

/// Finds the lines of one file that match, as its bytes pass.
///
/// A line that is longer than ``lineByteLimit`` is searched in parts, each for itself; all have its
/// number.
struct LineSearch {
    /// Takes a line's number, from 1, and its bytes without the line feed; `false` when no more is
    /// wanted.
    typealias Found = (_ number: Int64, _ line: Span<UInt8>) throws(ArchiveError) -> Bool

    static let lineByteLimit = 1 << 20

    private let pattern: LinePattern
    private let object: String
    /// What was not searched yet.
    private var pending = [UInt8]()
    /// The number of the first line in `pending`.
    private var number: Int64 = 1
    /// The last line that was counted.
    private var countedNumber: Int64 = 0
    /// How many lines match, up to now.
    private(set) var count: Int64 = 0
    /// Whether no more is wanted.
    private(set) var isSatisfied = false

    /// `object` names the file in errors.
    init(_ pattern: LinePattern, object: String) {
        self.pattern = pattern
        self.object = object
    }

    /// Takes the next bytes.
    mutating func take(_ bytes: Span<UInt8>, _ found: Found) throws(ArchiveError) {
        guard !isSatisfied else { return }
        let before = pending.count
        pending.append(copying: bytes)
        var end = pending.count
        while end > before, pending[end - 1] != 0x0A { end -= 1 }
        if end > before {
            try search(..<(end - 1), found)
            guard !isSatisfied else { return }
            number += 1
            pending.removeFirst(end)
        }
        while pending.count >= Self.lineByteLimit {
            try search(..<Self.lineByteLimit, found)
            guard !isSatisfied else { return }
            pending.removeFirst(Self.lineByteLimit)
        }
    }

    /// Searches the last line, which need not end with a line feed.
    mutating func finish(_ found: Found) throws(ArchiveError) {
        guard !isSatisfied, !pending.isEmpty else { return }
        try search(..<pending.count, found)
        pending = []
    }

    /// Searches the lines in the first bytes of what is pending, and counts their ends.
    private mutating func search(
        _ range: PartialRangeUpTo<Int>, _ found: Found
    ) throws(ArchiveError) {
        let end = range.upperBound
        var start = 0
        /// Up to here line feeds are counted.
        var passed = 0
        while start <= end {
            guard let match = try firstMatch(in: start..<end) else { break }
            var lineStart = start + match
            while lineStart > start, pending[lineStart - 1] != 0x0A { lineStart -= 1 }
            var lineEnd = start + match
            while lineEnd < end, pending[lineEnd] != 0x0A { lineEnd += 1 }
            start = lineEnd + 1
            // The match may go on behind the end of the line, and another one not.
            guard try firstMatch(in: lineStart..<lineEnd) != nil else { continue }
            number += lineFeeds(in: passed..<lineStart)
            passed = lineStart
            if number != countedNumber { count += 1 }
            countedNumber = number
            guard try found(number, pending.span.extracting(lineStart..<lineEnd)) else {
                isSatisfied = true
                pending = []
                return
            }
        }
        number += lineFeeds(in: passed..<end)
    }

    private func firstMatch(in range: Range<Int>) throws(ArchiveError) -> Int? {
        do throws(LinePattern.Failure) {
            return try pattern.firstMatch(in: pending.span.extracting(range))
        } catch {
            throw ArchiveError(
                .resource, operation: "search", object: object, reason: error.reason)
        }
    }

    private func lineFeeds(in range: Range<Int>) -> Int64 {
        unsafe pending.withUnsafeBufferPointer { bytes in
            var count: Int64 = 0
            for index in range where unsafe bytes[index] == 0x0A { count += 1 }
            return count
        }
    }
}
