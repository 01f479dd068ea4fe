/// One member of a zip.
struct ZipEntry: Hashable {
    /// With a `/` at the end of a directory's.
    var name: [UInt8]
    var isDirectory: Bool
    var isDeflated = false
    /// Whether checksum and sizes stand behind the content, since they were not known before it.
    var hasDescriptor = false
    /// Bytes of the file.
    var byteCount: Int64
    /// Bytes of the content in the zip.
    var storedByteCount: Int64 = 0
    var checksum: UInt32 = 0
    /// Where its local header begins.
    var headerOffset: Int64 = 0
    /// In seconds since 1970.
    var modifiedSeconds: Int64
}

/// The records of a zip. Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.5; the time in UTC:
/// Info-ZIP's extra field 0x5455.
///
/// Every member belongs to Unix and has mode 0600, or 0700 for a directory. A name that is UTF-8
/// says so; another stands there by its bytes, as Info-ZIP's zip writes it, and readers show it in
/// their own code page.
enum ZipFormat {
    /// What a field of four bytes says when the value is in the zip64 extra field.
    private static let elsewhere: UInt32 = 0xFFFF_FFFF
    private static let utf8: UInt16 = 1 << 11
    private static let descriptor: UInt16 = 1 << 3

    /// What stands before the content.
    static func localHeader(of entry: ZipEntry) -> [UInt8] {
        var extra = [UInt8]()
        let isLarge = needsLargeSizes(entry)
        if isLarge {
            extra.append(littleEndian: UInt16(1))
            extra.append(littleEndian: UInt16(16))
            let sizes = entry.hasDescriptor ? [0, 0] : [entry.byteCount, entry.storedByteCount]
            for size in sizes { extra.append(littleEndian: UInt64(size)) }
        }
        extra += time(of: entry)
        var bytes = [UInt8]()
        bytes.append(littleEndian: UInt32(0x0403_4B50))
        bytes += common(of: entry, isLarge: isLarge)
        bytes.append(littleEndian: entry.hasDescriptor ? 0 : entry.checksum)
        for size in [entry.storedByteCount, entry.byteCount] {
            bytes.append(
                littleEndian: isLarge
                    ? elsewhere : entry.hasDescriptor ? 0 : UInt32(truncatingIfNeeded: size))
        }
        bytes.append(littleEndian: UInt16(clamping: entry.name.count))
        bytes.append(littleEndian: UInt16(clamping: extra.count))
        return bytes + entry.name + extra
    }

    /// The name in the local header at `offset` of `file`; `nil` when none is there.
    static func name(at offset: Int64, in file: InputFile) throws(ArchiveError) -> [UInt8]? {
        guard offset >= 0, offset < file.byteCount else { return nil }
        let header = try file.bytes(at: offset, count: 30)
        guard header.count == 30, header.starts(with: [0x50, 0x4B, 3, 4]) else { return nil }
        let count = Int(header[26]) | Int(header[27]) << 8
        let name = try file.bytes(at: offset + 30, count: count)
        return name.count == count ? name : nil
    }

    /// Refuses a zip without the end of its directory: PKWARE APPNOTE 6.3.10, section 4.3.16.
    static func checkEnd(of file: InputFile) throws(ArchiveError) {
        let (recordByteCount, mostCommentByteCount) = (22, 65_535)
        let count = Int(min(file.byteCount, Int64(recordByteCount + mostCommentByteCount)))
        let tail = try file.bytes(at: file.byteCount - Int64(count), count: count)
        let isThere = (0...max(0, tail.count - recordByteCount)).reversed().contains { start in
            guard tail.count - start >= recordByteCount, tail[start] == 0x50,
                tail[start + 1] == 0x4B, tail[start + 2] == 5, tail[start + 3] == 6
            else { return false }
            let comment = Int(tail[start + 20]) | Int(tail[start + 21]) << 8
            return start + recordByteCount + comment == tail.count
        }
        guard isThere else {
            throw ArchiveError(
                .invalid, operation: "read", object: file.object,
                reason: "the directory at its end is missing or cut off")
        }
    }

    /// What stands behind the content of a member with ``ZipEntry/hasDescriptor``.
    static func dataDescriptor(of entry: ZipEntry) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.append(littleEndian: UInt32(0x0807_4B50))
        bytes.append(littleEndian: entry.checksum)
        for size in [entry.storedByteCount, entry.byteCount] {
            if needsLargeSizes(entry) {
                bytes.append(littleEndian: UInt64(size))
            } else {
                bytes.append(littleEndian: UInt32(truncatingIfNeeded: size))
            }
        }
        return bytes
    }

    /// The member's record in the directory.
    static func record(of entry: ZipEntry) -> [UInt8] {
        var large = [UInt8]()
        func field(_ value: Int64) -> UInt32 {
            guard value >= Int64(elsewhere) else { return UInt32(truncatingIfNeeded: value) }
            large.append(littleEndian: UInt64(value))
            return elsewhere
        }
        // In the order in which the extra field has them.
        let byteCount = field(entry.byteCount)
        let storedByteCount = field(entry.storedByteCount)
        let headerOffset = field(entry.headerOffset)
        var extra = [UInt8]()
        if !large.isEmpty {
            extra.append(littleEndian: UInt16(1))
            extra.append(littleEndian: UInt16(large.count))
            extra += large
        }
        extra += time(of: entry)
        var bytes = [UInt8]()
        bytes.append(littleEndian: UInt32(0x0201_4B50))
        // Made on Unix, by version 4.5.
        bytes.append(littleEndian: UInt16(3 << 8 | 45))
        bytes += common(of: entry, isLarge: needsLargeSizes(entry) || !large.isEmpty)
        for value in [entry.checksum, storedByteCount, byteCount] {
            bytes.append(littleEndian: value)
        }
        bytes.append(littleEndian: UInt16(clamping: entry.name.count))
        bytes.append(littleEndian: UInt16(clamping: extra.count))
        // No comment, on the first disk, of no known kind.
        for _ in 0..<3 { bytes.append(littleEndian: UInt16(0)) }
        let mode: UInt32 = entry.isDirectory ? 0o040_700 : 0o100_600
        bytes.append(littleEndian: mode << 16 | (entry.isDirectory ? 0x10 : 0))
        bytes.append(littleEndian: headerOffset)
        return bytes + entry.name + extra
    }

    /// What stands behind the directory, whose `count` records take `byteCount` bytes from `offset`
    /// on.
    static func end(count: Int, byteCount: Int64, offset: Int64) -> [UInt8] {
        var bytes = [UInt8]()
        let isLarge =
            count >= 0xFFFF || byteCount >= Int64(elsewhere) || offset >= Int64(elsewhere)
        if isLarge {
            bytes.append(littleEndian: UInt32(0x0606_4B50))
            bytes.append(littleEndian: UInt64(44))
            bytes.append(littleEndian: UInt16(3 << 8 | 45))
            bytes.append(littleEndian: UInt16(45))
            bytes.append(littleEndian: UInt64(0))  // Both disks are the first.
            for value in [Int64(count), Int64(count), byteCount, offset] {
                bytes.append(littleEndian: UInt64(value))
            }
            bytes.append(littleEndian: UInt32(0x0706_4B50))
            bytes.append(littleEndian: UInt32(0))
            bytes.append(littleEndian: UInt64(offset + byteCount))
            bytes.append(littleEndian: UInt32(1))
        }
        bytes.append(littleEndian: UInt32(0x0605_4B50))
        bytes.append(littleEndian: UInt32(0))
        for _ in 0..<2 { bytes.append(littleEndian: UInt16(clamping: count)) }
        bytes.append(littleEndian: UInt32(clamping: byteCount))
        bytes.append(littleEndian: UInt32(clamping: offset))
        bytes.append(littleEndian: UInt16(0))
        return bytes
    }

    /// Whether sizes of eight bytes stand around the content. It must be known before the content:
    /// deflate adds five bytes to some 16 KiB of what does not compress.
    private static func needsLargeSizes(_ entry: ZipEntry) -> Bool {
        let margin = entry.hasDescriptor ? entry.byteCount / 1024 + 65_536 : 0
        return max(entry.byteCount + margin, entry.storedByteCount) >= Int64(elsewhere)
    }

    /// The fields that local header and record share: version, flags, method, time.
    private static func common(of entry: ZipEntry, isLarge: Bool) -> [UInt8] {
        var flags: UInt16 = entry.hasDescriptor ? descriptor : 0
        if !entry.name.allSatisfy({ $0 < 0x80 }),
            String(validating: entry.name, as: UTF8.self) != nil
        {
            flags |= utf8
        }
        var bytes = [UInt8]()
        bytes.append(
            littleEndian: UInt16(isLarge ? 45 : entry.isDeflated || entry.isDirectory ? 20 : 10))
        bytes.append(littleEndian: flags)
        bytes.append(littleEndian: UInt16(entry.isDeflated ? 8 : 0))
        bytes += dosTime(entry.modifiedSeconds)
        return bytes
    }

    /// The time as MS-DOS has it: two seconds fine, from 1980 to 2107; here in UTC.
    private static func dosTime(_ seconds: Int64) -> [UInt8] {
        // 1980-01-01 and 2107-12-31 23:59:58.
        let seconds = min(max(seconds, 315_532_800), 4_354_819_198)
        // Days from civil, by Howard Hinnant: eras of 400 years from 0000-03-01.
        let days = seconds / 86_400 + 719_468
        let era = days / 146_097
        let day = days % 146_097
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let civilYear = year + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        let second = seconds % 86_400
        var bytes = [UInt8]()
        bytes.append(
            littleEndian: UInt16(
                (second / 3_600) << 11 | (second / 60 % 60) << 5 | second % 60 / 2))
        bytes.append(littleEndian: UInt16((civilYear - 1980) << 9 | month << 5 | dayOfMonth))
        return bytes
    }

    /// The extra field with the time of change in UTC; nothing for one that it cannot hold.
    private static func time(of entry: ZipEntry) -> [UInt8] {
        guard let seconds = Int32(exactly: entry.modifiedSeconds) else { return [] }
        var bytes: [UInt8] = [0x55, 0x54, 5, 0, 1]
        bytes.append(littleEndian: UInt32(bitPattern: seconds))
        return bytes
    }
}
