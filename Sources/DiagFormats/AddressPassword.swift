/// The password in an address such as `scheme://user:password@host/path`.
enum AddressPassword {
    /// An address with a longer one is not recognised, so that no text costs more than its length.
    static let lengthLimit = 1024

    /// Where the `@` stands that ends a password; `nil` when none begins at `start`.
    ///
    /// A password may hold `@`, a comma and, though RFC 3986 wants it escaped, a slash: so the last
    /// `@` of the authority counts, and a slash ends the authority only after one, or after a port.
    /// `end` is where white space or another sign ends the whole address.
    static func end(in text: ArraySlice<UInt8>, from start: Int, to end: Int) -> Int? {
        var sign: Int?
        var hasComma = false
        for index in start..<max(start, min(end, start + lengthLimit)) {
            switch text[index] {
            case 0x40: sign = index
            case 0x2F where sign != nil || isPort(text[start..<index]): return sign
            // The next of several mount options, which has an `@` of its own.
            case 0x3D where hasComma: return sign
            case 0x2C: hasComma = true
            default: break
            }
        }
        return sign
    }

    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        text.allSatisfy { (0x30...0x39).contains($0) }
    }
}
