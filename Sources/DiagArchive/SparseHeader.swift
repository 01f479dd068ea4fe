/// The headers of a sparse member: pax, GNU.sparse version 1.0.
///
/// They are made here and not by libarchive, for which all bytes of the holes would have to be
/// given, and which cannot write them into a stream of GNU entries, as one with names beyond ASCII
/// is. Programs that do not know them unpack map and data as `GNUSparseFile.0/NAME`. Source: GNU tar
/// manual, "Storing Sparse Files"; POSIX.1-2017, pax, "pax Header Block".
enum SparseHeader {
    /// The most that the field of an ustar header says: eleven octal digits.
    private static let largestPlainByteCount: Int64 = 1 << 33 - 1

    /// The headers of the file at `path`, of whose content map and data take `storedByteCount` bytes.
    static func bytes(
        path: MemberPath, byteCount: Int64, storedByteCount: Int64, modifiedSeconds: Int64
    ) -> [UInt8] {
        var records = record("GNU.sparse.major", Array("1".utf8))
        records += record("GNU.sparse.minor", Array("0".utf8))
        records += record("GNU.sparse.name", path.bytes)
        records += record("GNU.sparse.realsize", Array("\(byteCount)".utf8))
        if modifiedSeconds > largestPlainByteCount {
            records += record("mtime", Array("\(modifiedSeconds)".utf8))
        }
        let name = path.components.last ?? []
        var bytes = block(
            name: "PaxHeaders.0", of: name, type: 0x78, byteCount: Int64(records.count),
            modifiedSeconds: modifiedSeconds)
        bytes += records
        bytes += zeros(behind: Int64(records.count))
        bytes += block(
            name: "GNUSparseFile.0", of: name, type: 0x30, byteCount: storedByteCount,
            modifiedSeconds: modifiedSeconds)
        return bytes
    }

    /// The zeros between content of `byteCount` bytes and the next header.
    static func zeros(behind byteCount: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int(MemberIndexFormat.padded(byteCount) - byteCount))
    }

    /// A record `LENGTH KEY=VALUE\n`, whose length counts its own digits.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = [0x20] + Array(key.utf8) + [0x3D] + value + [0x0A]
        var count = rest.count + 1
        while "\(count)".utf8.count + rest.count != count {
            count = "\(count)".utf8.count + rest.count
        }
        return Array("\(count)".utf8) + rest
    }

    /// One header block. Its own name is for programs that do not read the records.
    private static func block(
        name folder: String, of name: [UInt8], type: UInt8, byteCount: Int64, modifiedSeconds: Int64
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: TarHeader.byteCount)
        func put(_ bytes: [UInt8], at offset: Int) {
            block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        func number(_ value: Int64, digits: Int) -> [UInt8] {
            let text = String(min(max(value, 0), Int64(1) << (3 * digits) - 1), radix: 8)
            return Array((String(repeating: "0", count: digits - text.utf8.count) + text).utf8)
        }
        let plain = name.map { (0x20..<0x7F).contains($0) ? $0 : 0x5F }
        put(Array((Array("\(folder)/".utf8) + plain).prefix(100)), at: 0)
        put(Array("0000600\u{0}0000000\u{0}0000000\u{0}".utf8), at: 100)
        if byteCount > largestPlainByteCount {
            // As GNU tar has large numbers: all readers of GNU.sparse know that. Of a record `size`
            // Python takes the map to be a part of the file (3.11).
            var field: [UInt8] = [0x80, 0, 0, 0]
            for shift in stride(from: 56, through: 0, by: -8) {
                field.append(UInt8(truncatingIfNeeded: byteCount >> shift))
            }
            put(field, at: 124)
        } else {
            put(number(byteCount, digits: 11) + [0], at: 124)
        }
        put(number(modifiedSeconds, digits: 11) + [0], at: 136)
        put(Array("        ".utf8), at: 148)
        block[156] = type
        put(Array("ustar\u{0}00root".utf8), at: 257)
        put(Array("root".utf8), at: 297)
        put(Array("0000000\u{0}0000000\u{0}".utf8), at: 329)
        let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
        put(number(sum, digits: 6) + [0, 0x20], at: 148)
        return block
    }
}
