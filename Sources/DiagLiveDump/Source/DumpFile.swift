internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The bytes of a dump file; those of makedumpfile's flattened format as if it were put together.
///
/// Source of the format: makedumpfile 1.7.2 makedumpfile.h, `struct makedumpfile_header` and
/// `struct makedumpfile_data_header`: a block of 4096 bytes, then for each piece its place and its
/// size, 64 bits each, big-endian, and its bytes; a place of -1 ends it.
final class DumpFile: Sendable {
    /// A piece of the file that is meant, and where its bytes lie in the file that there is.
    struct Segment: Hashable, Sendable {
        var start: UInt64
        var byteCount: UInt64
        var place: UInt64
        var end: UInt64 { start + byteCount }
    }

    private let input: DumpInput
    /// The pieces sorted by start, not overlapping; none for a file that is as it is.
    private let segments: [Segment]
    private let isFlattened: Bool
    /// Bytes of the file that is meant.
    let byteCount: UInt64
    /// The file's name.
    var name: String { input.name }

    /// Opens the file at `path`.
    init(path: FilePath) throws(LiveDumpError) {
        do { input = try DumpInput(path: path) } catch {
            throw LiveDumpError(.inputOutput, error.description)
        }
        var head = [UInt8](repeating: 0, count: 32)
        let count = unsafe head.withUnsafeMutableBytes { [input] in
            unsafe input.read(into: $0, at: 0)
        }
        let magic = Array("makedumpfile".utf8)
        isFlattened = count == 32 && head.starts(with: magic)
        if isFlattened {
            segments = try Self.index(input)
            byteCount = segments.last?.end ?? 0
        } else {
            segments = []
            byteCount = input.byteCount
        }
    }

    /// Reads from `offset` on; fewer bytes than asked for at the end. Gaps between pieces are zero.
    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        guard isFlattened else { return unsafe input.read(into: bytes, at: offset) }
        guard offset < byteCount else { return 0 }
        let wanted = Int(min(UInt64(bytes.count), byteCount - offset))
        var number = firstSegment(endingAfter: offset)
        var done = 0
        while done < wanted {
            let at = offset + UInt64(done)
            guard number < segments.count else { return done }
            let segment = segments[number]
            let rest = UInt64(wanted - done)
            if at < segment.start {
                let gap = Int(min(rest, segment.start - at))
                unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done..<(done + gap)])
                    .initializeMemory(as: UInt8.self, repeating: 0)
                done += gap
                continue
            }
            let part = Int(min(rest, segment.end - at))
            let count = unsafe input.read(
                into: UnsafeMutableRawBufferPointer(rebasing: bytes[done..<(done + part)]),
                at: segment.place + (at - segment.start))
            done += count
            if count < part { return done }
            number += 1
        }
        return done
    }

    /// Reads `count` bytes at `offset`, all of them.
    func bytes(_ count: Int, at offset: UInt64, _ what: String) throws(LiveDumpError) -> [UInt8] {
        guard count >= 0, UInt64(count) <= byteCount, offset <= byteCount - UInt64(count) else {
            throw LiveDumpError(
                .inputOutput, "\(name): \(what) at offset \(offset) lies behind the end")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        let read = unsafe bytes.withUnsafeMutableBytes {
            (room: UnsafeMutableRawBufferPointer) -> Int in
            unsafe self.read(into: room, at: offset)
        }
        guard read == count else {
            throw LiveDumpError(.inputOutput, "\(name): \(what) at offset \(offset) is unreadable")
        }
        return bytes
    }

    /// The next bytes from `offset` on that are no hole; `nil` when there are none.
    func nextData(from offset: UInt64) -> Range<UInt64>? {
        guard isFlattened else { return input.nextData(from: offset) }
        return offset < byteCount ? offset..<byteCount : nil
    }

    /// Whether the file has all of `count` bytes at `offset`, none of them in a gap.
    func has(_ count: UInt64, at offset: UInt64) -> Bool {
        guard offset <= byteCount, count <= byteCount - offset else { return false }
        guard isFlattened else { return true }
        var number = firstSegment(endingAfter: offset)
        var at = offset
        while at < offset + count {
            guard number < segments.count, segments[number].start <= at else { return false }
            at = segments[number].end
            number += 1
        }
        return true
    }

    private func firstSegment(endingAfter offset: UInt64) -> Int {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].end <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Reads the heads of all pieces. A file that was cut short has those before the cut.
    private static func index(_ input: DumpInput) throws(LiveDumpError) -> [Segment] {
        var pieces = [Segment]()
        var place: UInt64 = 4096
        var head = [UInt8](repeating: 0, count: 16)
        while place + 16 <= input.byteCount {
            let count = unsafe head.withUnsafeMutableBytes { [place] in
                unsafe input.read(into: $0, at: place)
            }
            guard count == 16 else { break }
            let start = head[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let size = head[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if start > UInt64(Int64.max) { break }
            place += 16
            guard size > 0, size <= UInt64(Int64.max) - start else {
                throw LiveDumpError(
                    .inputOutput, "\(input.name): the piece at offset \(place - 16) is damaged")
            }
            let there = min(size, input.byteCount - place)
            if there > 0 {
                pieces.append(Segment(start: start, byteCount: there, place: place))
            }
            if there < size { break }
            place += size
        }
        return resolve(pieces)
    }

    /// Sorts the pieces; where two have the same bytes, the later one of the file counts.
    static func resolve(_ pieces: [Segment]) -> [Segment] {
        let order = pieces.indices.sorted {
            (pieces[$0].start, $0) < (pieces[$1].start, $1)
        }
        var result = [Segment]()
        /// Pieces that begin before `at`, the latest of the file on top.
        var open = LatestFirst()
        var next = 0
        var at: UInt64 = 0
        while next < order.count || !open.isEmpty {
            while let top = open.top, pieces[top].end <= at { open.removeTop() }
            if open.isEmpty {
                guard next < order.count else { break }
                at = max(at, pieces[order[next]].start)
            }
            while next < order.count, pieces[order[next]].start <= at {
                open.insert(order[next])
                next += 1
            }
            while let top = open.top, pieces[top].end <= at { open.removeTop() }
            guard let top = open.top else { continue }
            let piece = pieces[top]
            let end = next < order.count ? min(piece.end, pieces[order[next]].start) : piece.end
            let skipped = at - piece.start
            if let last = result.last, last.end == at,
                last.place + last.byteCount
                    == piece.place + skipped
            {
                result[result.count - 1].byteCount += end - at
            } else {
                result.append(
                    Segment(start: at, byteCount: end - at, place: piece.place + skipped))
            }
            at = end
        }
        return result
    }
}

/// Numbers of which the largest is given first.
private struct LatestFirst {
    private var heap = [Int]()
    var isEmpty: Bool { heap.isEmpty }
    var top: Int? { heap.first }

    mutating func insert(_ number: Int) {
        heap.append(number)
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2] < heap[child] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeTop() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] > heap[largest] { largest = child }
            if largest == parent { return }
            heap.swapAt(parent, largest)
            parent = largest
        }
    }
}
