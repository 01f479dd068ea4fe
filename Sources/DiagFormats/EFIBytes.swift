internal import DiagModel

extension Span<UInt8> {
    /// Reads a little-endian integer at `offset` bytes from the start, as UEFI stores them.
    func efiInteger<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type = Value.self, at offset: Int, field: String
    ) throws(FormatError) -> Value {
        let byteCount = Value.bitWidth / 8
        try efiCheck(byteCount, at: offset, field: field)
        var value: Value = 0
        for index in (0..<byteCount).reversed() { value = value << 8 | Value(self[offset + index]) }
        return value
    }

    /// Copies `byteCount` bytes at `offset`.
    func efiBytes(
        _ byteCount: Int, at offset: Int, field: String
    ) throws(FormatError) -> [UInt8] {
        try efiCheck(byteCount, at: offset, field: field)
        return (offset..<(offset + byteCount)).map { self[$0] }
    }

    /// Reads UTF-16 code units from `offset` to the first 0, or to `end`; control characters are
    /// escaped.
    ///
    /// - Returns: the text, and the offset after its terminator, which is none when it has none.
    func efiText(from offset: Int, to end: Int) -> (text: String, next: Int?) {
        var units = [UInt16]()
        var at = Swift.max(0, offset)
        let end = Swift.min(end, count)
        while at + 2 <= end {
            let unit = UInt16(self[at]) | UInt16(self[at + 1]) << 8
            at += 2
            if unit == 0 { return (Self.safe(units), at) }
            units.append(unit)
        }
        return (Self.safe(units), nil)
    }

    private static func safe(_ units: [UInt16]) -> String {
        UntrustedText.escapingControls(String(decoding: units, as: UTF16.self))
    }

    private func efiCheck(
        _ byteCount: Int, at offset: Int, field: String
    ) throws(FormatError) {
        guard offset >= 0, byteCount >= 0, byteCount <= count, offset <= count - byteCount else {
            throw .truncated(field: field, offset: offset, needed: byteCount)
        }
    }
}
