/// Reading the integers and byte strings of an index of members.
extension Span<UInt8> {
    /// The little-endian integer at `offset`.
    ///
    /// - Throws: ``MemberIndexFault`` when the bytes end before it does.
    func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(
        at offset: Int, _ field: String
    ) throws(MemberIndexFault) -> Value {
        let byteCount = Value.bitWidth / 8
        guard offset >= 0, byteCount <= count, offset <= count - byteCount else {
            throw MemberIndexFault("\(field): cut short at byte \(offset)")
        }
        var value: Value = 0
        for index in (0..<byteCount).reversed() { value = value << 8 | Value(self[offset + index]) }
        return value
    }

    /// The little-endian integer of eight bytes at `offset`, where it is one of `range`.
    ///
    /// - Throws: ``MemberIndexFault`` for one outside, and when the bytes end before it does.
    func integer(
        at offset: Int, _ field: String, in range: ClosedRange<Int64> = 0...Int64.max
    ) throws(MemberIndexFault) -> Int64 {
        let value: UInt64 = try littleEndian(at: offset, field)
        guard let signed = Int64(exactly: value), range.contains(signed) else {
            throw MemberIndexFault("\(field) is \(value)")
        }
        return signed
    }

    /// The `byteCount` bytes at `offset`.
    ///
    /// - Throws: ``MemberIndexFault`` when there are fewer.
    func array(
        at offset: Int, byteCount: Int, _ field: String
    ) throws(MemberIndexFault) -> [UInt8] {
        guard offset >= 0, byteCount >= 0, byteCount <= count, offset <= count - byteCount else {
            throw MemberIndexFault("\(field): cut short at byte \(offset)")
        }
        var bytes = [UInt8]()
        bytes.append(copying: extracting(offset..<offset + byteCount))
        return bytes
    }

    /// Whether `range`, cut to what is there, holds nothing but zeros.
    func isZero(_ range: Range<Int>) -> Bool {
        for index in range.clamped(to: 0..<count) where self[index] != 0 { return false }
        return true
    }
}

extension [UInt8] {
    /// Adds an integer, its lowest byte first.
    mutating func append(littleEndian value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Adds bytes.
    mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
