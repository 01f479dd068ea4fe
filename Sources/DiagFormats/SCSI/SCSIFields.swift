/// Fields of SCSI structures, which are big-endian and full of single bits.
extension Span<UInt8> {
    /// The byte at `offset`.
    func byte(at offset: Int, field: String) throws(FormatError) -> UInt8 {
        try check(1, at: offset, field: field)
        return self[offset]
    }

    /// Whether bit `bit` of the byte at `offset` is set.
    func isSet(_ bit: UInt8, at offset: Int, field: String) throws(FormatError) -> Bool {
        try byte(at: offset, field: field) >> bit & 1 == 1
    }

    /// An integer of `byteCount` bytes at `offset`; `UInt64.max` for one that is larger.
    func number(
        _ byteCount: Int, at offset: Int, field: String
    ) throws(FormatError) -> UInt64 {
        try check(byteCount, at: offset, field: field)
        var value: UInt64 = 0
        for index in offset..<(offset + byteCount) {
            if value >> 56 != 0 { return .max }
            value = value << 8 | UInt64(self[index])
        }
        return value
    }

    /// An integer of `byteCount` bytes at `offset`; `nil` where an older structure ends before.
    func numberIfPresent(_ byteCount: Int, at offset: Int) -> UInt64? {
        try? number(byteCount, at: offset, field: "")
    }

    /// Whether bit `bit` of the byte at `offset` is set; `nil` where an older structure ends before.
    func isSetIfPresent(_ bit: UInt8, at offset: Int) -> Bool? {
        try? isSet(bit, at: offset, field: "")
    }
}

/// A page that begins with its code and, at byte 2, the number of bytes that follow byte 3.
///
/// Vital product data, diagnostic and log pages share this form. Source: SPC-6, section 7.
struct SCSIPage {
    /// The page's code: byte 1 of vital product data, byte 0 of the others.
    let code: UInt8
    /// Where the page ends; at most as many bytes as there are.
    let end: Int

    /// Checks the header of a vital product data page with the code `code`.
    init(vital bytes: Span<UInt8>, code: UInt8) throws(FormatError) {
        try self.init(bytes, code: code, at: 1)
    }

    /// Checks the header of a diagnostic page with the code `code`.
    init(diagnostic bytes: Span<UInt8>, code: UInt8) throws(FormatError) {
        try self.init(bytes, code: code, at: 0)
    }

    private init(_ bytes: Span<UInt8>, code: UInt8, at offset: Int) throws(FormatError) {
        self.code = try bytes.byte(at: offset, field: "PAGE CODE")
        guard self.code == code else {
            throw .invalid(field: "PAGE CODE", offset: offset, value: UInt64(self.code))
        }
        let length = try bytes.bigEndian(UInt16.self, at: 2, field: "PAGE LENGTH")
        end = 4 + Int(length)
        try bytes.check(end, at: 0, field: "page")
    }
}
