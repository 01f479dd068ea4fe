/// Byte counts as people write and read them.
public enum ByteCountText {
    static let expectation =
        "a byte count: write a whole number, or one with K, M, G or T, such as 4096, 500M or "
        + "2GiB; with KB, MB, GB and TB a thousand counts, else 1024"

    /// Reads `4096`, `500M` or `500MiB` (1024 × 1024 bytes each), or `500MB` (1,000,000 each).
    ///
    /// The units are those of GNU coreutils (`info coreutils 'Block size'`), up to T; their first
    /// letter may be small.
    ///
    /// - Throws: `ValueTextError`, also for a sign, a fraction, and more than `Int64.max`.
    public static func parse(_ text: String) throws(ValueTextError) -> Int64 {
        let failure = ValueTextError(text: text, expectation: expectation)
        guard !text.isEmpty, text.utf8.count <= 64 else { throw failure }
        var rest = Array(text.utf8)[...]
        guard let number = DurationText.takeNumber(from: &rest) else { throw failure }
        guard let letter = rest.popFirst() else { return number }
        let exponent: Int
        switch letter {
        case UInt8(ascii: "K"), UInt8(ascii: "k"): exponent = 1
        case UInt8(ascii: "M"), UInt8(ascii: "m"): exponent = 2
        case UInt8(ascii: "G"), UInt8(ascii: "g"): exponent = 3
        case UInt8(ascii: "T"), UInt8(ascii: "t"): exponent = 4
        case UInt8(ascii: "B") where rest.isEmpty: return number
        default: throw failure
        }
        let base: Int64
        switch String(decoding: rest, as: UTF8.self) {
        case "", "iB": base = 1024
        case "B": base = 1000
        default: throw failure
        }
        var product = number
        for _ in 0..<exponent {
            let (next, overflow) = product.multipliedReportingOverflow(by: base)
            guard !overflow else { throw failure }
            product = next
        }
        return product
    }

    /// With one decimal and a binary unit, rounded down: `12.3 MiB`; below 1024, `17 bytes`.
    public static func describe(_ byteCount: Int64) -> String {
        let magnitude = byteCount.magnitude
        let sign = byteCount < 0 ? "-" : ""
        if magnitude < 1024 { return sign + (magnitude == 1 ? "1 byte" : "\(magnitude) bytes") }
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var index = 0
        while index < units.count - 1, magnitude >> (10 * (UInt64(index) + 2)) > 0 { index += 1 }
        let shift = 10 * (UInt64(index) + 1)
        let rest = magnitude & (1 << shift - 1)  // Below 2^60, so that ten times it fits.
        return "\(sign)\(magnitude >> shift).\((rest * 10) >> shift) \(units[index])"
    }
}
