internal import DiagFormats
internal import DiagSystem
internal import SystemPackage

/// A cache of pages of journal files, shared by all of them, of fixed size.
///
/// The files are read and never mapped: a mapped file that is cut short ends the process.
final class JournalPages {
    private static let pageByteCount = 16 << 10
    private static let pageCount = 192

    private struct Key: Hashable {
        let file: Int
        let page: UInt64
    }

    private var pages = [[UInt8]]()
    private var lengths = [Int]()
    private var keys = [Key]()
    private var wasUsed = [Bool]()
    private var slots = [Key: Int]()
    private var hand = 0
    private var lastKey = Key(file: -1, page: 0)
    private var lastSlot = 0

    /// Replaces `target` by `count` bytes of the file called `file`, from `offset` on.
    func copy(
        _ count: Int, at offset: UInt64, of descriptor: borrowing OwnedDescriptor, file: Int,
        into target: inout [UInt8]
    ) throws(JournalFailure) {
        target.removeAll(keepingCapacity: true)
        var position = offset
        var remaining = count
        while remaining > 0 {
            let page = position / UInt64(Self.pageByteCount)
            let start = Int(position % UInt64(Self.pageByteCount))
            let wanted = min(remaining, Self.pageByteCount - start)
            let slot = try self.slot(
                Key(file: file, page: page), needed: start + wanted, of: descriptor)
            guard lengths[slot] >= start + wanted else {
                throw JournalFailure(offset: position, reason: "the file ends before")
            }
            target.append(contentsOf: pages[slot][start..<start + wanted])
            position += UInt64(wanted)
            remaining -= wanted
        }
    }

    private func slot(
        _ key: Key, needed: Int, of descriptor: borrowing OwnedDescriptor
    ) throws(JournalFailure) -> Int {
        if key == lastKey, lengths[lastSlot] >= needed { return lastSlot }
        var slot: Int
        if let known = slots[key] {
            slot = known
            if lengths[slot] >= needed {
                wasUsed[slot] = true
                (lastKey, lastSlot) = (key, slot)
                return slot
            }
            // The file has grown since its last page was read.
        } else {
            slot = freeSlot()
            slots[key] = slot
            keys[slot] = key
        }
        lengths[slot] = 0
        wasUsed[slot] = true
        (lastKey, lastSlot) = (key, slot)
        let offset = key.page * UInt64(Self.pageByteCount)
        do throws(SystemCallError) {
            guard let position = Int64(exactly: offset) else {
                throw SystemCallError(operation: "pread", object: "", errno: .invalidArgument)
            }
            lengths[slot] = try descriptor.read(into: &pages[slot], at: position)
        } catch {
            throw JournalFailure(offset: offset, reason: "cannot be read: \(error.errno)")
        }
        return slot
    }

    /// The second-chance algorithm: what was used since the hand passed it stays once more.
    private func freeSlot() -> Int {
        if pages.count < Self.pageCount {
            pages.append([UInt8](repeating: 0, count: Self.pageByteCount))
            lengths.append(0)
            keys.append(Key(file: -1, page: 0))
            wasUsed.append(false)
            return pages.count - 1
        }
        while wasUsed[hand] {
            wasUsed[hand] = false
            hand = (hand + 1) % Self.pageCount
        }
        let slot = hand
        hand = (hand + 1) % Self.pageCount
        slots[keys[slot]] = nil
        return slot
    }
}

/// An open journal file, read through the shared cache.
final class JournalDiskFile: JournalByteSource {
    private let descriptor: OwnedDescriptor
    private let pages: JournalPages
    private let number: Int

    /// The file that `number` names in the cache; no two files have the same.
    init(_ descriptor: consuming OwnedDescriptor, number: Int, pages: JournalPages) {
        self.descriptor = descriptor
        self.number = number
        self.pages = pages
    }

    func currentByteCount() throws(JournalFailure) -> UInt64 {
        do throws(SystemCallError) {
            return UInt64(clamping: try descriptor.status().byteCount)
        } catch {
            throw JournalFailure(offset: 0, reason: "its size is not told: \(error.errno)")
        }
    }

    func read(
        _ count: Int, at offset: UInt64, into bytes: inout [UInt8]
    ) throws(JournalFailure) {
        try pages.copy(count, at: offset, of: descriptor, file: number, into: &bytes)
    }
}
