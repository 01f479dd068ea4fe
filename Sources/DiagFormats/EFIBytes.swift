internal import DiagModel

extension Span<UInt8> {
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
}
