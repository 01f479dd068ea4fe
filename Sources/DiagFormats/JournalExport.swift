/// Writes entries in the Journal Export Format, which `systemd-journal-remote` reads.
///
/// Source: systemd "Journal Export Formats" (systemd.io/JOURNAL_EXPORT_FORMATS), and what
/// `journalctl -o export` of systemd 252 writes, to the byte.
public enum JournalExport {
    /// Appends the lines that come before the fields of an entry.
    public static func appendHead(
        of entry: JournalEntry, sequenceIdentifier: JournalIdentifier, to text: inout [UInt8]
    ) {
        let boot = entry.bootIdentifier.description
        text.append(contentsOf: "__CURSOR=s=".utf8)
        text.append(contentsOf: sequenceIdentifier.description.utf8)
        text.append(contentsOf: ";i=".utf8)
        text.append(contentsOf: String(entry.sequenceNumber, radix: 16).utf8)
        text.append(contentsOf: ";b=".utf8)
        text.append(contentsOf: boot.utf8)
        text.append(contentsOf: ";m=".utf8)
        text.append(contentsOf: String(entry.monotonic, radix: 16).utf8)
        text.append(contentsOf: ";t=".utf8)
        text.append(contentsOf: String(entry.realtime, radix: 16).utf8)
        text.append(contentsOf: ";x=".utf8)
        text.append(contentsOf: String(entry.fieldHash, radix: 16).utf8)
        text.append(contentsOf: "\n__REALTIME_TIMESTAMP=".utf8)
        text.append(contentsOf: String(entry.realtime).utf8)
        text.append(contentsOf: "\n__MONOTONIC_TIMESTAMP=".utf8)
        text.append(contentsOf: String(entry.monotonic).utf8)
        text.append(contentsOf: "\n_BOOT_ID=".utf8)
        text.append(contentsOf: boot.utf8)
        text.append(0x0A)
    }

    /// Appends one field: as a line when it is printable UTF-8, else with its length.
    ///
    /// The boot's identifier is left out, for the head has it; so is what is not `NAME=value`
    /// with a name that the format allows, or not whole.
    ///
    /// - Returns: whether the field is in the export.
    @discardableResult
    public static func append(_ field: JournalField, to text: inout [UInt8]) -> Bool {
        if field.role == .boot { return true }
        guard field.isWhole, let equals = field.bytes.firstIndex(of: 0x3D), equals > 0,
            equals <= 64, field.bytes[..<equals].allSatisfy(isNameCharacter)
        else { return false }
        if isPrintable(field.bytes) {
            text.append(contentsOf: field.bytes)
        } else {
            text.append(contentsOf: field.bytes[..<equals])
            text.append(0x0A)
            let value = field.bytes[(equals + 1)...]
            var length = UInt64(value.count)
            for _ in 0..<8 {
                text.append(UInt8(truncatingIfNeeded: length))
                length >>= 8
            }
            text.append(contentsOf: value)
        }
        text.append(0x0A)
        return true
    }

    /// Appends the empty line that ends an entry.
    public static func appendEnd(to text: inout [UInt8]) { text.append(0x0A) }

    /// Source: `journal_field_valid`, systemd `src/libsystemd/sd-journal/journal-file.c`.
    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x30...0x39, 0x5F: true
        default: false
        }
    }

    /// Source: `utf8_is_printable_newline`, systemd `src/basic/utf8.c`: valid UTF-8 without
    /// controls but the tab, surrogates and the code points that are not characters.
    private static func isPrintable(_ bytes: [UInt8]) -> Bool {
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }) { return true }
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09: true
            case 0..<0x20, 0x7F..<0xA0, 0xFDD0...0xFDEF: false
            default: scalar.value & 0xFFFE != 0xFFFE
            }
        }
    }
}
