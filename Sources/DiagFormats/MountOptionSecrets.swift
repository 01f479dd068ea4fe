/// Takes secrets out of mount options and sources, in any text that holds them.
///
/// cifs takes `password=`, ceph `secret=`, ecryptfs `passphrase`-like options, davfs and rclone a
/// URL with `user:password@`, curlftpfs one without a scheme after `#`, and cifs `user=name%password`.
/// Names of credential files stay: they are paths, not secrets.
public enum MountOptionSecrets {
    private static let mask = Array(SecretMask.replacement.utf8)
    private static let endings: [[UInt8]] = [
        "password", "password1", "password2", "pass", "pass1", "pass2", "passwd", "passphrase",
        "secret", "token", "key", "passphrase_passwd",
    ].map { Array($0.utf8) }
    private static let users = ["user", "username"].map { Array($0.utf8) }

    /// `text` with the value of every option that names a secret, and the password of every URL,
    /// written as ``SecretMask/replacement``. Lines stay lines.
    public static func masking(_ text: [UInt8]) -> [UInt8] {
        var masked = [UInt8]()
        // What is before this place is in `masked`.
        var kept = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            var secret: Range<Int>?
            if byte == 0x3D, namesSecret(text, before: index - 1) {
                secret = index..<endOfValue(in: text, from: index)
            } else if byte == 0x3D, namesUser(text, before: index - 1) {
                // mount.cifs(8): `username=name%password`.
                let end = endOfValue(in: text, from: index)
                let sign = text[index..<end].firstIndex(of: 0x25) ?? end
                secret = min(sign + 1, end)..<end
            } else if byte == 0x3A, let end = endOfPassword(in: text, from: index) {
                secret = index..<end
            }
            guard let secret else { continue }
            index = secret.upperBound
            guard !secret.isEmpty else { continue }
            masked += text[kept..<secret.lowerBound]
            masked += mask
            kept = index
        }
        return kept == 0 ? text : masked + text[kept...]
    }

    /// The same for text.
    public static func masking(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x3D || $0 == 0x40 }) else { return text }
        return String(decoding: masking(Array(text.utf8)), as: UTF8.self)
    }

    /// Whether what stands before the `=` at `end` ends with the name of a secret.
    private static func namesSecret(_ text: [UInt8], before end: Int) -> Bool {
        endings.contains { $0.count <= end && text.holds($0, at: end - $0.count) }
    }

    /// Whether the `=` at `end` follows the option `user` or `username`.
    private static func namesUser(_ text: [UInt8], before end: Int) -> Bool {
        users.contains { user in
            let start = end - user.count
            return start >= 0 && text.holds(user, at: start)
                && (start == 0 || endsValue(text[start - 1]))
        }
    }

    /// Where a value ends that begins at `start`.
    ///
    /// A comma or white space in quotes is part of it, and so is a comma that cifs escapes by
    /// another one. Quotes that never close hide the rest of the line. Source: libmount's
    /// optstr.c and mount.cifs(8).
    private static func endOfValue(in text: [UInt8], from start: Int) -> Int {
        var index = start
        if index < text.count, text[index] == 0x22 || text[index] == 0x27 {
            let quote = text[index]
            let line = text[(index + 1)...].firstIndex { $0 == 0x0A || $0 == quote } ?? text.count
            guard line < text.count, text[line] == quote else { return line }
            index = line + 1
        }
        while index < text.count {
            switch text[index] {
            case 0x2C:
                guard index + 1 < text.count, text[index + 1] == 0x2C else { return index }
                index += 2
            case 0x22:
                // One in the middle is part of a password; one around the options is not.
                guard index + 1 < text.count, !endsValue(text[index + 1]) else { return index }
                index += 1
            case 0x20, 0x09, 0x0A: return index
            default: index += 1
            }
        }
        return index
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte == 0x2C || byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x22
    }

    /// Where the `@` stands, when `from` follows the colon after the user in `scheme://user:` or
    /// `type#user:`.
    private static func endOfPassword(in text: [UInt8], from: Int) -> Int? {
        var start = from - 2
        let earliest = max(0, from - 256)
        // No colon in the user's name: so each byte is looked at once, however many colons there are.
        while start >= earliest, !endsValue(text[start]),
            text[start] != 0x2F, text[start] != 0x3A, text[start] != 0x23
        {
            start -= 1
        }
        guard start >= earliest, start + 2 < from,
            text[start] == 0x23 || start > 0 && text[start] == 0x2F && text[start - 1] == 0x2F
        else { return nil }
        let end = text[from..<min(text.count, from + 1024)].firstIndex {
            $0 != 0x2C && endsValue($0)
        }
        return AddressPassword.end(in: text[...], from: from, to: end ?? text.count)
    }
}
