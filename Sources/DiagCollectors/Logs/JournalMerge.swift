internal import DiagFormats

/// Walks through the entries of several journal files in the order of time.
///
/// Holds one entry of each file. An entry that stands in two files comes once. An entry that is
/// damaged is passed over and counted with its file.
struct JournalMerge {
    enum Direction {
        /// Newest first.
        case backward
        /// Oldest first.
        case forward
    }

    struct Item {
        /// Which of the files it is in.
        let part: Int
        /// Its number in that file.
        let index: UInt64
        let entry: JournalEntry
    }

    /// A file with so many older entries in a row has no newer ones before; a clock that was set
    /// back for a while does not hide what was logged before.
    private static let mostOlderInARow = 1024

    private let parts: [JournalPart]
    private let direction: Direction
    private let since: UInt64
    /// What is left of each file.
    private var ranges: [Range<UInt64>]
    private var olderInARow: [Int]
    /// A binary heap; the first item comes next.
    private var heap = [Item]()
    private var last: Item?

    /// Visits the entries of `parts` whose numbers are in `ranges`, one range for each of them;
    /// those before `since`, in microseconds since 1970, are passed over.
    init(_ parts: [JournalPart], _ ranges: [Range<UInt64>], _ direction: Direction, since: UInt64) {
        self.parts = parts
        self.ranges = ranges
        self.direction = direction
        self.since = since
        olderInARow = [Int](repeating: 0, count: parts.count)
        for part in parts.indices {
            guard let item = advance(part) else { continue }
            heap.append(item)
            siftUp(from: heap.count - 1)
        }
    }

    /// The next entry; `nil` at the end.
    mutating func next() -> Item? {
        while let item = heap.first {
            if let following = advance(item.part) {
                heap[0] = following
            } else {
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            siftDown()
            if let last, last.part != item.part, Self.isSame(last.entry, item.entry) { continue }
            last = item
            return item
        }
        return nil
    }

    private mutating func advance(_ part: Int) -> Item? {
        // Forward, the ranges are what the way back has seen to be readable.
        while !ranges[part].isEmpty, direction == .forward || !parts[part].isGivenUp {
            let index: UInt64
            if direction == .backward {
                index = ranges[part].upperBound - 1
                ranges[part] = ranges[part].lowerBound..<index
            } else {
                index = ranges[part].lowerBound
                ranges[part] = (index + 1)..<ranges[part].upperBound
            }
            let entry: JournalEntry
            do throws(JournalFailure) { entry = try parts[part].file.entry(at: index) } catch {
                parts[part].noteDamagedEntry(error)
                continue
            }
            guard entry.realtime < since else {
                olderInARow[part] = 0
                return Item(part: part, index: index, entry: entry)
            }
            olderInARow[part] += 1
            if direction == .backward, olderInARow[part] > Self.mostOlderInARow { return nil }
        }
        return nil
    }

    private static func isSame(_ left: JournalEntry, _ right: JournalEntry) -> Bool {
        left.realtime == right.realtime && left.monotonic == right.monotonic
            && left.fieldHash == right.fieldHash && left.bootIdentifier == right.bootIdentifier
    }

    private func comesBefore(_ left: Item, _ right: Item) -> Bool {
        let leftKey = (left.entry.realtime, left.entry.sequenceNumber, left.part)
        let rightKey = (right.entry.realtime, right.entry.sequenceNumber, right.part)
        return direction == .forward ? leftKey < rightKey : leftKey > rightKey
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard comesBefore(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && comesBefore(heap[child], heap[first]) {
                first = child
            }
            guard first != parent else { return }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
