/// Cuts text to whole lines.
enum LineLimit {
    /// The first `count` lines of `bytes`, or the last; `nil` when there are no more.
    static func cut(
        _ bytes: [UInt8], to count: Int, keepingNewest: Bool
    ) -> ArraySlice<UInt8>? {
        var seen = 0
        if keepingNewest {
            var index = bytes.count
            // The newline at the very end ends the last line and begins none.
            if bytes.last == 0x0A { index -= 1 }
            while let newline = bytes[..<index].lastIndex(of: 0x0A) {
                seen += 1
                if seen == count { return bytes[(newline + 1)...] }
                index = newline
            }
            return nil
        }
        var index = 0
        while let newline = bytes[index...].firstIndex(of: 0x0A) {
            seen += 1
            if seen == count {
                return newline + 1 < bytes.count ? bytes[...newline] : nil
            }
            index = newline + 1
        }
        return nil
    }

    /// As many whole lines from the start of `bytes` as `count` bytes hold; all of them when they
    /// fit.
    static func wholeLines(of bytes: [UInt8], atMost count: Int) -> ArraySlice<UInt8> {
        guard bytes.count > count else { return bytes[...] }
        let start = bytes.prefix(max(0, count))
        return start.lastIndex(of: 0x0A).map { start[...$0] } ?? []
    }

    /// `bytes` from their first line's start, when their beginning was cut off.
    static func fromLineStart(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard let newline = bytes.firstIndex(of: 0x0A), newline + 1 < bytes.count else {
            return bytes[...]
        }
        return bytes[(newline + 1)...]
    }
}
