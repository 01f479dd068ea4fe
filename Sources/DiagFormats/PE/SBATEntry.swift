internal import DiagModel

/// One line of the section `.sbat`, or of shim's revocation levels.
///
/// Source: shim 15.8, SBAT.md: component, generation, vendor name, package, version, address, parted
/// by commas.
public struct SBATEntry: Codable, Hashable, Sendable {
    /// The component, for example `shim` or `grub.debian`.
    public let component: String
    /// Its security generation; none where it is no number.
    public let generation: UInt64?
    /// What follows: vendor, package, version, address.
    public let details: [String]

    /// More lines than any program has.
    private static let limit = 256

    /// Reads the lines of `bytes` up to the first zero byte; those without a comma are passed over.
    public static func entries(parsing bytes: Span<UInt8>) -> [SBATEntry] {
        var line = [UInt8]()
        var entries = [SBATEntry]()
        func finish() {
            let fields = line.split(separator: 0x2C, omittingEmptySubsequences: false).map {
                UntrustedText.escapingControls(
                    TextFields.trimmed(UntrustedText.escapingInvalidUTF8($0)))
            }
            line = []
            guard fields.count >= 2, entries.count < limit else { return }
            entries.append(
                SBATEntry(
                    component: fields[0], generation: UInt64(fields[1]),
                    details: Array(fields.dropFirst(2).prefix(8))))
        }
        for index in 0..<Swift.min(bytes.count, 65_536) {
            let byte = bytes[index]
            if byte == 0 { break }
            if byte == 0x0A { finish() } else { line.append(byte) }
        }
        finish()
        return entries
    }
}
