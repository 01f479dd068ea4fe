/// Takes secrets out of mount options and sources, in any text that holds them.
///
/// cifs takes `password=`, ceph `secret=`, ecryptfs `passphrase`-like options, davfs and rclone a
/// URL with `user:password@`. Names of credential files stay: they are paths, not secrets.
public enum MountOptionSecrets {
    private static let mask = Array("********".utf8)
    private static let endings: [[UInt8]] = [
        "password", "password1", "password2", "pass", "pass1", "pass2", "passwd", "passphrase",
        "secret", "token", "key", "passphrase_passwd",
    ].map { Array($0.utf8) }

    /// `text` with the value of every option that names a secret, and the password of every URL,
    /// written as `********`. Lines stay lines.
    public static func masking(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(0x3D) || text.contains(0x40) else { return text }
        var masked = [UInt8]()
        masked.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            masked.append(byte)
            index += 1
            let end: Int
            if byte == 0x3D, namesSecret(masked) {
                end = text[index...].firstIndex(where: endsValue) ?? text.count
            } else if byte == 0x3A, let at = endOfPassword(in: text, from: index) {
                end = at
            } else {
                continue
            }
            if end > index { masked += mask }
            index = end
        }
        return masked
    }

    /// The same for text.
    public static func masking(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x3D || $0 == 0x40 }) else { return text }
        return String(decoding: masking(Array(text.utf8)), as: UTF8.self)
    }

    /// Whether what stands before the `=` at the end of `text` ends with the name of a secret.
    private static func namesSecret(_ text: [UInt8]) -> Bool {
        let name = text.dropLast().suffix(24).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return endings.contains { name.suffix($0.count).elementsEqual($0) }
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte == 0x2C || byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x22
    }

    /// Where the `@` stands, when `from` follows the colon after the user in `scheme://user:`.
    private static func endOfPassword(in text: [UInt8], from: Int) -> Int? {
        var start = from - 2
        let earliest = max(1, from - 256)
        // No colon in the user's name: so each byte is looked at once, however many colons there are.
        while start >= earliest, !endsValue(text[start]), text[start] != 0x2F, text[start] != 0x3A {
            start -= 1
        }
        guard start >= earliest, text[start] == 0x2F, text[start - 1] == 0x2F, start + 2 < from
        else { return nil }
        for index in from..<min(text.count, from + 1024) {
            if text[index] == 0x40 { return index }
            if endsValue(text[index]) || text[index] == 0x2F { return nil }
        }
        return nil
    }
}
