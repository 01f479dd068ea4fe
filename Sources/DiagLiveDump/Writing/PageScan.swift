/// What is told of a page's bytes while they are in the processor's cache.
///
/// Pages are aligned to 8 bytes and a multiple of 256 bytes long.
enum PageScan {
    /// The hash of a page of zero bytes.
    static let zeroHash: UInt64 = 0
    /// The hash of a page that was not copied.
    static let noHash = UInt64.max
    /// Beside a hash: the page in the file is one that was read again.
    static let replacedMark: UInt64 = 1 << 63

    /// Whether all bytes are zero. A page that is not mostly tells so in its first bytes.
    @inline(__always) static func isZero(_ page: UnsafeRawPointer, _ byteCount: Int) -> Bool {
        if unsafe page.load(as: UInt64.self) != 0 { return false }
        var offset = 0
        while offset < byteCount {
            var bits = SIMD8<UInt64>()
            for step in stride(from: 0, to: 256, by: 64) {
                unsafe bits |=
                    page.loadUnaligned(fromByteOffset: offset &+ step, as: SIMD8<UInt64>.self)
            }
            if bits != SIMD8<UInt64>() { return false }
            offset &+= 256
        }
        return true
    }

    /// A hash of 63 bits, without ``replacedMark``.
    ///
    /// Each word is joined to one of four sums by operations that can be undone, so that one changed
    /// word changes its sum: of two pages, one in 2^63 is taken for the other.
    @inline(__always) static func hash(_ page: UnsafeRawPointer, _ byteCount: Int) -> UInt64 {
        let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
        var a: UInt64 = 1
        var b: UInt64 = 2
        var c: UInt64 = 3
        var d: UInt64 = 4
        var offset = 0
        while offset < byteCount {
            a = unsafe step(a, page.load(fromByteOffset: offset, as: UInt64.self), prime)
            b = unsafe step(b, page.load(fromByteOffset: offset &+ 8, as: UInt64.self), prime)
            c = unsafe step(c, page.load(fromByteOffset: offset &+ 16, as: UInt64.self), prime)
            d = unsafe step(d, page.load(fromByteOffset: offset &+ 24, as: UInt64.self), prime)
            offset &+= 32
        }
        let sum = step(step(step(a, b, prime), c, prime), d, prime) & ~replacedMark
        return sum == zeroHash || sum == ~replacedMark ? 1 : sum
    }

    @inline(__always) private static func step(
        _ sum: UInt64, _ word: UInt64, _ prime: UInt64
    ) -> UInt64 {
        let mixed = (sum ^ word) &* prime
        return mixed ^ (mixed &>> 32)
    }
}
