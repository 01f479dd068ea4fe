/// Reads the entries of one systemd journal file, without trusting anything in it.
///
/// The number of entries is fixed when the file is opened; what is written later is not seen.
/// Nothing is held but the places of the entry arrays, so memory stays small for any file.
/// Source: systemd "Journal File Format" (systemd.io/JOURNAL_FILE_FORMAT).
public final class JournalFile {
    /// The header as it was when the file was opened.
    public let header: JournalHeader
    /// The file's length when it was opened, in bytes.
    public let byteCount: UInt64
    /// How many entries the entry arrays lead to, at most as many as the header says.
    public private(set) var entryCount: UInt64 = 0
    /// Why fewer entries are reached than the header says, if so.
    public private(set) var arrayFailure: JournalFailure?

    private struct EntryArray {
        /// Where the first item stands, in bytes from the file's start.
        let itemOffset: UInt64
        /// The number of the entry that it points to.
        let firstEntry: UInt64
    }

    private enum ObjectType: UInt8 {
        case data = 1
        case entry = 3
        case entryArray = 6
    }

    private struct Object {
        let flags: UInt8
        let byteCount: UInt64
    }

    /// More than any writer makes: each array is at least as large as all before it together.
    private static let mostArrays = 256
    /// More fields than journald and journal-remote accept, which is 1024 and some of their own.
    private static let mostFields: UInt64 = 4096

    private let source: any JournalByteSource
    private var arrays = [EntryArray]()
    private var scratch = [UInt8]()
    private var itemByteCount: UInt64 { header.isCompact ? 4 : 16 }
    private var arrayItemByteCount: UInt64 { header.isCompact ? 4 : 8 }

    /// Opens the file behind `source`.
    ///
    /// - Throws: when the header cannot be read. Damage behind it shows in ``arrayFailure``, and
    ///   in the entries that it hits.
    public init(_ source: any JournalByteSource) throws(JournalFailure) {
        self.source = source
        var bytes = [UInt8]()
        try source.read(JournalHeader.minimumByteCount, at: 0, into: &bytes)
        header = try JournalHeader(parsing: bytes)
        // Asked for after the header was read: a growing file then holds all it speaks of.
        byteCount = try source.currentByteCount()
        do throws(JournalFailure) { try findArrays() } catch { arrayFailure = error }
    }

    /// Follows the chain of entry arrays, which only ever goes towards the file's end.
    private func findArrays() throws(JournalFailure) {
        var next = header.entryArrayOffset
        var previous: UInt64 = 0
        while entryCount < header.entryCount {
            guard next != 0 else {
                throw JournalFailure(
                    offset: previous,
                    reason: "the entry arrays end after \(entryCount) of \(header.entryCount)"
                        + " entries")
            }
            guard next > previous else {
                throw JournalFailure(offset: next, reason: "the entry array points backwards")
            }
            guard arrays.count < Self.mostArrays else {
                throw JournalFailure(
                    offset: next, reason: "more than \(Self.mostArrays) entry arrays")
            }
            let (object, isCut) = try self.object(.entryArray, at: next, fixed: 24, mayBeCut: true)
            let available = min(object.byteCount, byteCount - next)
            let count = (available - 24) / arrayItemByteCount
            arrays.append(EntryArray(itemOffset: next + 24, firstEntry: entryCount))
            entryCount += min(count, header.entryCount - entryCount)
            if isCut, entryCount < header.entryCount {
                throw JournalFailure(
                    offset: next, reason: "the file ends within the entry array")
            }
            guard count > 0 else {
                throw JournalFailure(offset: next, reason: "the entry array is empty")
            }
            previous = next
            next = JournalInteger.fixed64(scratch, at: 16)
        }
    }

    /// Checks the object at `offset` and leaves its first `fixed` bytes in `scratch`.
    private func object(
        _ type: ObjectType, at offset: UInt64, fixed: UInt64, mayBeCut: Bool = false
    ) throws(JournalFailure) -> (object: Object, isCut: Bool) {
        guard offset >= header.headerByteCount, offset % 8 == 0 else {
            throw JournalFailure(offset: offset, reason: "no \(type) can stand here")
        }
        guard offset <= byteCount, fixed <= byteCount - offset else {
            throw JournalFailure(offset: offset, reason: "the \(type) lies behind the file's end")
        }
        try source.read(Int(fixed), at: offset, into: &scratch)
        guard scratch.count >= 16, scratch[0] == type.rawValue else {
            throw JournalFailure(
                offset: offset,
                reason: "expected the \(type), found type \(scratch.first ?? 0)")
        }
        let length = JournalInteger.fixed64(scratch, at: 8)
        guard length >= fixed else {
            throw JournalFailure(offset: offset, reason: "the \(type) has only \(length) bytes")
        }
        let isCut = length > byteCount - offset
        guard mayBeCut || !isCut else {
            throw JournalFailure(
                offset: offset, reason: "the \(type) of \(length) bytes passes the file's end")
        }
        return (Object(flags: scratch[1], byteCount: length), isCut)
    }

    /// The fixed part of the entry number `index`, which is below ``entryCount``.
    public func entry(at index: UInt64) throws(JournalFailure) -> JournalEntry {
        guard index < entryCount, let array = array(of: index) else {
            throw JournalFailure(offset: 0, reason: "there is no entry number \(index)")
        }
        let place = array.itemOffset + (index - array.firstEntry) * arrayItemByteCount
        try source.read(Int(arrayItemByteCount), at: place, into: &scratch)
        let offset =
            header.isCompact
            ? UInt64(JournalInteger.fixed32(scratch, at: 0))
            : JournalInteger.fixed64(scratch, at: 0)
        guard offset != 0 else {
            throw JournalFailure(offset: place, reason: "the entry array's item is not filled")
        }
        let (object, _) = try self.object(.entry, at: offset, fixed: 64)
        let fieldCount = (object.byteCount - 64) / itemByteCount
        guard fieldCount <= Self.mostFields else {
            throw JournalFailure(offset: offset, reason: "the entry has \(fieldCount) fields")
        }
        let realtime = JournalInteger.fixed64(scratch, at: 24)
        // The same bound as systemd's VALID_REALTIME.
        guard realtime > 0, realtime < 1 << 55 else {
            throw JournalFailure(offset: offset, reason: "the entry's time is impossible")
        }
        return JournalEntry(
            offset: offset, sequenceNumber: JournalInteger.fixed64(scratch, at: 16),
            realtime: realtime, monotonic: JournalInteger.fixed64(scratch, at: 32),
            bootIdentifier: JournalIdentifier(scratch, at: 40),
            fieldHash: JournalInteger.fixed64(scratch, at: 56), fieldCount: Int(fieldCount))
    }

    /// Finds the array that points to the entry number `index`.
    private func array(of index: UInt64) -> EntryArray? {
        var low = 0
        var high = arrays.count
        while low < high {
            let middle = (low + high) / 2
            if arrays[middle].firstEntry <= index { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? arrays[low - 1] : nil
    }

    /// Replaces `offsets` by the places of the fields of `entry`, in the order they are stored.
    public func fieldOffsets(
        of entry: JournalEntry, into offsets: inout [UInt64]
    ) throws(JournalFailure) {
        offsets.removeAll(keepingCapacity: true)
        guard entry.fieldCount > 0, entry.fieldCount <= Int(Self.mostFields) else { return }
        let stride = Int(itemByteCount)
        try source.read(entry.fieldCount * stride, at: entry.offset + 64, into: &scratch)
        for index in 0..<entry.fieldCount {
            offsets.append(
                header.isCompact
                    ? UInt64(JournalInteger.fixed32(scratch, at: index * stride))
                    : JournalInteger.fixed64(scratch, at: index * stride))
        }
    }

    /// The stored bytes of the field at `offset`: at most `limit` of them, or `compressedLimit`
    /// where they are compressed.
    public func data(
        at offset: UInt64, limit: Int, compressedLimit: Int
    ) throws(JournalFailure) -> JournalData {
        let fixed: UInt64 = header.isCompact ? 72 : 64
        let (object, _) = try self.object(.data, at: offset, fixed: fixed)
        var start = offset + fixed
        var stored = object.byteCount - fixed
        var compression: JournalData.Compression?
        switch object.flags & 0b111 {
        case 0: break
        case 1: compression = .xz
        case 2:
            guard stored >= 8 else {
                throw JournalFailure(offset: offset, reason: "the LZ4 data has no size")
            }
            try source.read(8, at: start, into: &scratch)
            compression = .lz4(byteCount: JournalInteger.fixed64(scratch, at: 0))
            start += 8
            stored -= 8
        case 4: compression = .zstd
        default:
            throw JournalFailure(offset: offset, reason: "the data is compressed in two ways")
        }
        let wanted = Int(min(stored, UInt64(max(0, compression == nil ? limit : compressedLimit))))
        try source.read(wanted, at: start, into: &scratch)
        // A copy of its own: the buffer has room for the largest field so far, and an array made
        // from all of it would share and keep that.
        var bytes = [UInt8]()
        bytes.reserveCapacity(scratch.count)
        bytes.append(contentsOf: scratch)
        return JournalData(compression: compression, storedByteCount: stored, bytes: bytes)
    }
}
