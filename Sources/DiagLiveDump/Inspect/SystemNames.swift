internal import DiagModel

/// The names of uname(2) as they lie in a kernel's memory.
///
/// Source: Linux 6.1 include/uapi/linux/utsname.h, `struct new_utsname`: six fields of 65 bytes.
enum SystemNames {
    /// Bytes of all six.
    static let byteCount = 390

    /// The six names; `nil` where these bytes are not those of a Linux of this release: a page that
    /// was left out reads as zeros, and any other memory is no system of this name.
    static func parse(_ bytes: [UInt8], release: String?) -> [String]? {
        guard bytes.count == byteCount else { return nil }
        let names = (0..<6).map { index -> String in
            let field = bytes[(index * 65)..<(index * 65 + 65)].prefix { $0 != 0 }
            return field.allSatisfy { $0 >= 0x20 } ? UntrustedText.escapingForPath(field) : ""
        }
        return names[0] == "Linux" && names[2] == release ? names : nil
    }
}
