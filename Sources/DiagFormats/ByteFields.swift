internal import DiagModel

/// Fixed-width fields of a binary structure, each checked against the bytes that there are.
extension Span<UInt8> {
    /// Reads a little-endian integer at `offset` bytes from the start.
    func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type = Value.self, at offset: Int, field: String
    ) throws(FormatError) -> Value {
        let byteCount = Value.bitWidth / 8
        try check(byteCount, at: offset, field: field)
        var value: Value = 0
        for index in (0..<byteCount).reversed() { value = value << 8 | Value(self[offset + index]) }
        return value
    }

    /// Reads a big-endian integer at `offset` bytes from the start.
    func bigEndian<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type = Value.self, at offset: Int, field: String
    ) throws(FormatError) -> Value {
        let byteCount = Value.bitWidth / 8
        try check(byteCount, at: offset, field: field)
        var value: Value = 0
        for index in 0..<byteCount { value = value << 8 | Value(self[offset + index]) }
        return value
    }

    /// Copies `byteCount` bytes at `offset`.
    func bytes(
        _ byteCount: Int, at offset: Int, field: String
    ) throws(FormatError) -> [UInt8] {
        try check(byteCount, at: offset, field: field)
        return (offset..<(offset + byteCount)).map { self[$0] }
    }

    /// Reads a text of at most `byteCount` bytes at `offset`, up to the first NUL, without blanks
    /// at its ends. What is not printable is escaped.
    func text(
        _ byteCount: Int, at offset: Int, field: String
    ) throws(FormatError) -> String {
        var bytes = try self.bytes(byteCount, at: offset, field: field)[...]
        if let end = bytes.firstIndex(of: 0) { bytes = bytes[..<end] }
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
        return UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8(bytes))
    }

    /// Checks that `byteCount` bytes lie at `offset`.
    func check(_ byteCount: Int, at offset: Int, field: String) throws(FormatError) {
        guard offset >= 0, byteCount >= 0, byteCount <= count, offset <= count - byteCount else {
            throw .truncated(field: field, offset: offset, needed: byteCount)
        }
    }
}
