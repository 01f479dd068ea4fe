internal import DiagCodec

/// Makes a zip of members that come one after the other, and gives it to a ``BundleOutput``; whole
/// only after ``finish()``.
///
/// libarchive's writer is not used. It puts checksum and sizes behind every member, also a stored
/// one, which who reads a zip from a pipe cannot follow; it says that a name is UTF-8 only where the
/// process has such a locale; and it deflates on one thread (libarchive 3.6.2). Here parts of 1 MiB
/// are deflated side by side, the same parts at any number of threads.
///
/// The directory is kept in memory: 55 bytes and its name for each member.
final class ZipStream {
    /// Bytes of a file that one thread deflates at a time; a file of no more has its checksum and
    /// sizes before its content.
    static let partByteCount = 1 << 20

    /// What was given and is not yet written.
    private struct Pending {
        /// Of the first part of a member alone.
        var entry: ZipEntry?
        /// `nil` for a member without content.
        var number: Int?
        var byteCount = 0
        var isLast: Bool
    }

    /// How many small files may wait.
    private static let pendingCountLimit = 256

    private let output: BundleOutput
    private let pool: DeflatePool
    private let pendingByteLimit: Int
    private let modifiedSeconds: Int64
    private var pending = [Pending]()
    private var pendingByteCount = 0
    /// The member whose parts are written.
    private var open: ZipEntry?
    private var checksum = CRC32()
    private var directory = [[UInt8]]()
    private var memberCount = 0
    /// Bytes of files that are in the output.
    private(set) var writtenByteCount: Int64 = 0
    /// How many of those are there as they are.
    private(set) var storedByteCount: Int64 = 0

    /// A zip into `output`; every member has the one time. `threadCount` is that of `pool`.
    init(
        into output: BundleOutput, _ pool: DeflatePool, threadCount: Int, modifiedSeconds: Int64
    ) {
        self.output = output
        self.pool = pool
        pendingByteLimit = (threadCount * 2 + 2) * Self.partByteCount
        self.modifiedSeconds = modifiedSeconds
    }

    /// Bytes of memory for the parts that `threadCount` threads have and those that wait.
    static func memoryByteCount(threadCount: Int) -> Int {
        threadCount * DeflateEncoder.memoryByteCount + (threadCount * 2 + 3) * 2 * partByteCount
    }

    /// Adds a directory.
    func addDirectory(_ path: [UInt8]) throws(ArchiveError) {
        let entry = ZipEntry(
            name: path + [0x2F], isDirectory: true, byteCount: 0, modifiedSeconds: modifiedSeconds)
        try add(Pending(entry: entry, number: nil, isLast: true))
    }

    /// Adds a file whose content is at hand, at most ``partByteCount`` bytes.
    func add(_ path: [UInt8], _ content: [UInt8], deflates: Bool) throws(ArchiveError) {
        let number = content.isEmpty ? nil : pool.submit(content, deflates ? .whole : .stored)
        try add(
            Pending(
                entry: file(path, Int64(content.count)), number: number,
                byteCount: content.count, isLast: true))
    }

    /// Begins a file of `byteCount` bytes that is deflated; its parts follow by ``addPart(_:isLast:)``.
    func begin(_ path: [UInt8], byteCount: Int64) {
        var entry = file(path, byteCount)
        entry.isDeflated = true
        entry.hasDescriptor = true
        begun = entry
    }
    private var begun: ZipEntry?

    /// Adds a part, at most ``partByteCount`` bytes, to the file that was begun.
    func addPart(_ bytes: [UInt8], isLast: Bool) throws(ArchiveError) {
        let entry = begun
        begun = nil
        try add(
            Pending(
                entry: entry, number: pool.submit(bytes, .part(isLast: isLast)),
                byteCount: bytes.count, isLast: isLast))
    }

    /// Adds a file that stays as it is; `body` gives its content, whose checksum is known.
    func addStored(
        _ path: [UInt8], _ checksum: CRC32,
        _ body: ((Span<UInt8>) throws(ArchiveError) -> Void) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        while !pending.isEmpty { try writeFirst() }
        var entry = file(path, checksum.byteCount)
        entry.storedByteCount = checksum.byteCount
        entry.checksum = checksum.value
        entry.headerOffset = output.offset
        try output.take(ZipFormat.localHeader(of: entry).span)
        var written = CRC32()
        try body { bytes throws(ArchiveError) in
            written.update(bytes)
            try output.take(bytes)
            writtenByteCount += Int64(bytes.count)
            storedByteCount += Int64(bytes.count)
        }
        guard written == checksum else {
            throw ArchiveError(
                .invalid, operation: "seal", object: MemberPath.text(path),
                reason: "it changed between two readings")
        }
        list(entry)
    }

    /// Writes what is left and the directory.
    func finish() throws(ArchiveError) {
        while !pending.isEmpty { try writeFirst() }
        let offset = output.offset
        for chunk in directory { try output.take(chunk.span) }
        let byteCount = output.offset - offset
        try output.take(
            ZipFormat.end(count: memberCount, byteCount: byteCount, offset: offset).span)
    }

    private func file(_ path: [UInt8], _ byteCount: Int64) -> ZipEntry {
        ZipEntry(
            name: path, isDirectory: false, byteCount: byteCount, modifiedSeconds: modifiedSeconds)
    }

    private func add(_ next: Pending) throws(ArchiveError) {
        pending.append(next)
        pendingByteCount += next.byteCount
        while pendingByteCount > pendingByteLimit || pending.count > Self.pendingCountLimit {
            try writeFirst()
        }
    }

    private func writeFirst() throws(ArchiveError) {
        let first = pending.removeFirst()
        pendingByteCount -= first.byteCount
        let part = try first.number.map { number throws(ArchiveError) in try pool.part(number) }
        if var entry = first.entry {
            entry.headerOffset = output.offset
            if let part, first.isLast, !entry.hasDescriptor {
                entry.isDeflated = part.isDeflated
                entry.storedByteCount = Int64(part.bytes.count)
                entry.checksum = part.checksum.value
            }
            try output.take(ZipFormat.localHeader(of: entry).span)
            open = entry
            checksum = CRC32()
        }
        guard var entry = open else { return }
        if let part {
            try output.take(part.bytes.span)
            if entry.hasDescriptor {
                entry.storedByteCount += Int64(part.bytes.count)
                checksum.append(part.checksum)
            }
            writtenByteCount += part.checksum.byteCount
            if !part.isDeflated { storedByteCount += part.checksum.byteCount }
        }
        if first.isLast {
            if entry.hasDescriptor {
                entry.checksum = checksum.value
                try output.take(ZipFormat.dataDescriptor(of: entry).span)
            }
            list(entry)
            open = nil
        } else {
            open = entry
        }
    }

    /// Notes a member that is written. One growing array would be there twice whenever it grows.
    private func list(_ entry: ZipEntry) {
        let record = ZipFormat.record(of: entry)
        if directory.last.map({ $0.count + record.count > Self.partByteCount }) ?? true {
            var chunk = [UInt8]()
            chunk.reserveCapacity(Self.partByteCount)
            directory.append(chunk)
        }
        directory[directory.count - 1] += record
        memberCount += 1
    }
}
