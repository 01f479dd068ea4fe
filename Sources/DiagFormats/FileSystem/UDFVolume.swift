/// The volume descriptors of a UDF file system, as far as they name it.
///
/// Source: ECMA-167, part 3, and UDF 2.60, section 2.1.3 (dstring); the UUID as libblkid of
/// util-linux 2.38 makes it in superblocks/udf.c. Little-endian.
enum UDFVolume {
    /// Bytes of a block, as each is tried.
    static let blockByteCounts = [512, 1024, 2048, 4096]

    /// Reads the anchor at block 256 and what it leads to; `nil` when there is none.
    static func identify(_ source: FileSystemSource) -> FileSystemMetadata? {
        for size in blockByteCounts {
            guard let anchor = source.read(UInt64(256 * size), 512),
                tag(anchor.span, block: 256) == 2,
                let length: UInt32 = try? anchor.span.littleEndian(at: 16, field: "extent length"),
                let start: UInt32 = try? anchor.span.littleEndian(at: 20, field: "extent location")
            else { continue }
            var file = FileSystemMetadata(type: "udf")
            file.blockByteCount = UInt64(size)
            for index in 0..<min(64, Int(length) / size) {
                let block = UInt64(start) + UInt64(index)
                guard let bytes = source.read(block * UInt64(size), 512) else { break }
                switch tag(bytes.span, block: UInt32(truncatingIfNeeded: block)) {
                case 1: file.uuid = file.uuid ?? uuid(dstring(bytes.span, at: 72, count: 128))
                case 6:
                    file.label = file.label ?? nonEmpty(dstring(bytes.span, at: 84, count: 128))
                    // The domain identifier's suffix begins with the revision in decimal digits.
                    if let revision: UInt16 = try? bytes.span.littleEndian(at: 240, field: "UDF") {
                        let digits = Hexadecimal.padded(revision, 4)
                        let major = digits.drop { $0 == "0" }.dropLast(2)
                        file.version = (major.isEmpty ? "0" : major) + "." + digits.suffix(2)
                    }
                case 8: return file
                default: break
                }
            }
            return file
        }
        return nil
    }

    /// The number of the descriptor's kind, when it belongs to `block`.
    private static func tag(_ bytes: Span<UInt8>, block: UInt32) -> UInt16? {
        guard let kind: UInt16 = try? bytes.littleEndian(at: 0, field: "tag"),
            let place: UInt32 = try? bytes.littleEndian(at: 12, field: "tag location"),
            place == block
        else { return nil }
        return kind
    }

    /// A text whose first byte says how it is stored and whose last one how long it is.
    private static func dstring(_ bytes: Span<UInt8>, at offset: Int, count: Int) -> String {
        guard let kind: UInt8 = try? bytes.littleEndian(at: offset, field: "dstring"),
            let length: UInt8 = try? bytes.littleEndian(at: offset + count - 1, field: "dstring"),
            length > 1, Int(length) < count
        else { return "" }
        if kind == 16 {
            return FileSystemText.utf16(
                bytes, at: offset + 1, count: (Int(length) - 1) / 2, isBigEndian: true)
        }
        guard kind == 8 else { return "" }
        var text = ""
        for index in 1..<Int(length) where bytes[offset + index] != 0 {
            text.unicodeScalars.append(Unicode.Scalar(bytes[offset + index]))
        }
        return text
    }

    /// The UUID from the volume set identifier: its first 16 characters where they are digits,
    /// else their bytes as digits.
    private static func uuid(_ identifier: String) -> String? {
        let bytes = Array(identifier.utf8)
        guard bytes.count >= 8 else { return nil }
        func isDigit(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte)
                || (0x61...0x66).contains(byte)
        }
        let first = bytes.prefix(16)
        let good = first.firstIndex { !isDigit($0) } ?? first.count
        if good < 8 { return Hexadecimal.string(first.prefix(8)) }
        let start = String(decoding: first.prefix(8), as: UTF8.self)
        let rest =
            good < 16
            ? Hexadecimal.string(first.dropFirst(8).prefix(4))
            : String(decoding: first.suffix(8), as: UTF8.self)
        return (start + rest).lowercased()
    }

    private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}
