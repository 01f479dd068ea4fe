/// Takes apart one LZO1X block. Source: Linux 6.1 Documentation/staging/lzo.rst, "Byte sequences",
/// version 0.
enum LZOBlock {
    /// Where the reading and the writing are.
    private struct Cursor {
        var input = 0
        var output = 0
    }

    /// Decompresses `source` into the start of `target`, and gives the count of bytes.
    static func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(PageCodecError) -> Int {
        var at = Cursor()
        /// Literals of the last instruction: 0 to 3, or 4 for a long run.
        var state = 0
        if let first = unsafe source.first, first > 17 {
            at.input = 1
            let count = Int(first) - 17
            unsafe try copyLiterals(count, source, target, &at)
            state = min(count, 4)
        }
        while true {
            let code = unsafe Int(try next(source, &at))
            var count: Int
            var distance: Int
            var trailing = code & 3
            switch code {
            case 0..<16 where state == 0:
                count = code == 0 ? unsafe try longCount(15, source, &at) : code
                unsafe try copyLiterals(count + 3, source, target, &at)
                state = 4
                continue
            case 0..<16:
                let high = unsafe Int(try next(source, &at))
                distance = high << 2 + code >> 2 + (state == 4 ? 2049 : 1)
                count = state == 4 ? 3 : 2
            case 16..<32:
                count = code & 7
                if count == 0 { count = unsafe try longCount(7, source, &at) }
                count += 2
                let word = unsafe Int(try next(source, &at)) | Int(try next(source, &at)) << 8
                distance = 16_384 + (code & 8) << 11 + word >> 2
                trailing = word & 3
                if distance == 16_384 { return at.output }
            case 32..<64:
                count = code & 31
                if count == 0 { count = unsafe try longCount(31, source, &at) }
                count += 2
                let word = unsafe Int(try next(source, &at)) | Int(try next(source, &at)) << 8
                distance = word >> 2 + 1
                trailing = word & 3
            default:
                count = code < 128 ? 3 + (code >> 5) & 1 : 5 + (code >> 5) & 3
                distance = unsafe Int(try next(source, &at)) << 3 + (code >> 2) & 7 + 1
            }
            guard distance <= at.output, count <= target.count - at.output else {
                throw PageCodecError("lzo: the data is damaged")
            }
            for _ in 0..<count {
                unsafe target[at.output] = unsafe target[at.output - distance]
                at.output += 1
            }
            unsafe try copyLiterals(trailing, source, target, &at)
            state = trailing
        }
    }

    private static func next(
        _ source: UnsafeRawBufferPointer, _ at: inout Cursor
    ) throws(PageCodecError) -> UInt8 {
        guard at.input < source.count else {
            throw PageCodecError("lzo: the data ends too early")
        }
        defer { at.input += 1 }
        return unsafe source[at.input]
    }

    /// A count that does not fit its bits: 255 for each zero byte, and the byte behind them.
    private static func longCount(
        _ start: Int, _ source: UnsafeRawBufferPointer, _ at: inout Cursor
    ) throws(PageCodecError) -> Int {
        var count = start
        while true {
            let byte = unsafe try next(source, &at)
            if byte != 0 { return count + Int(byte) }
            count += 255
        }
    }

    private static func copyLiterals(
        _ count: Int, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer,
        _ at: inout Cursor
    ) throws(PageCodecError) {
        guard count <= source.count - at.input, count <= target.count - at.output
        else { throw PageCodecError("lzo: the data is damaged") }
        for _ in 0..<count {
            unsafe target[at.output] = unsafe source[at.input]
            at.input += 1
            at.output += 1
        }
    }
}
