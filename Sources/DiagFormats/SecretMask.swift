/// Takes passwords, their hashes and other secrets out of loader configuration and command lines.
///
/// It masks rather too much than too little: everything after a word `password`,
/// `password_pbkdf2` or `passwd`; the value of `name=value` where the name speaks of a secret;
/// password hashes of GRUB and crypt(5) wherever they stand; the password in an address such as
/// `cifs://user:password@server` and in dracut's `iscsi:user:password@…`.
public struct SecretMask: Sendable {
    /// What stands in the place of a secret, in mount options as well.
    public static let replacement = "[masked]"
    /// How many secrets were masked so far.
    public private(set) var maskedCount = 0
    private var continuesMaskedLine = false

    /// A mask that has seen nothing.
    public init() {}

    /// `bytes`, which hold whole lines, with the secrets of each line masked.
    public mutating func text(_ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(bytes.count)
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
            result += masked(bytes[start..<end])
            if end < bytes.endIndex { result.append(0x0A) }
            start = end < bytes.endIndex ? end + 1 : end
        }
        return result
    }

    /// One line, with its secrets masked.
    public mutating func line(_ text: String) -> String {
        String(decoding: masked(Array(text.utf8)[...]), as: UTF8.self)
    }

    private mutating func masked(_ line: ArraySlice<UInt8>) -> [UInt8] {
        if continuesMaskedLine {
            continuesMaskedLine = line.last == 0x5C
            return take()
        }
        var result = [UInt8]()
        var at = line.startIndex
        while at < line.endIndex {
            guard Self.isWordByte(line[at]) else {
                result.append(line[at])
                at += 1
                continue
            }
            let end = line[at...].firstIndex { !Self.isWordByte($0) } ?? line.endIndex
            let word = line[at..<end]
            let next: UInt8? = end < line.endIndex ? line[end] : nil
            if next == 0x3D, Self.isSecretName(word) {
                let (from, to) = Self.valueRange(line, from: end + 1)
                result += line[at..<from]
                if to > from { result += take() }
                at = to
            } else if Self.isSecretName(word), let sign = Self.spacedSign(line, after: end) {
                // `name = value` of bootconfig: the value may be a list, up to the line's end.
                result += line[at...sign]
                result.append(0x20)
                if line[(sign + 1)...].contains(where: { $0 > 0x20 }) {
                    continuesMaskedLine = line.last == 0x5C
                    result += take()
                }
                return result
            } else if next != 0x3D, Self.isPasswordCommand(word) {
                result += word
                if end < line.endIndex {
                    result.append(0x20)
                    continuesMaskedLine = line.last == 0x5C
                    result += take()
                }
                return result
            } else if Self.isHash(word) {
                result += take()
                at = end
            } else if let password = Self.password(line, word: at..<end) {
                result += line[at..<password.lowerBound]
                result += take()
                at = password.upperBound
            } else {
                result += word
                at = end
            }
        }
        return result
    }

    private mutating func take() -> [UInt8] {
        maskedCount += 1
        return Array(Self.replacement.utf8)
    }

    /// What parts words: white space, quotes, `=`, and the signs of shell syntax.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x22, 0x27, 0x28, 0x29, 0x3B, 0x3D, 0x60, 0x7B, 0x7D: false
        default: true
        }
    }

    private static func isSecretName(_ word: ArraySlice<UInt8>) -> Bool {
        let name = lowerCase(word)
        // Some that end in `key`, such as `rd.luks.key`, name a file: it is masked, too.
        return secretParts.contains { name.contains($0) } || name == "pass"
            || secretEndings.contains { name.hasSuffix($0) }
            // `wpa`, `wep_key0`, `net.wpa2`, but not `sweep`.
            || name.utf8.split { !(0x61...0x7A).contains($0) && !(0x30...0x39).contains($0) }
                .contains { $0.starts(with: "wpa".utf8) || $0.starts(with: "wep".utf8) }
    }

    private static let secretParts = [
        "password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "api_key",
        "api-key", "access_key", "access-key", "private_key", "private-key",
    ]
    private static let secretEndings = [
        "pw", "_pass", ".pass", "psk", ".key", "_key", "-key",
    ]

    private static func isPasswordCommand(_ word: ArraySlice<UInt8>) -> Bool {
        ["password", "password_pbkdf2", "passwd", "--password", "--md5", "--encrypted"]
            .contains(lowerCase(word))
    }

    private static func isHash(_ word: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: word, as: UTF8.self)
        if text.hasPrefix("grub.pbkdf2.") { return true }
        // crypt(5): `$id$salt$hash`, with an id such as `6`, `2b`, `y` or `argon2id`.
        let fields = word.split(separator: 0x24, omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0].isEmpty, (1...8).contains(fields[1].count) else {
            return false
        }
        return fields[1].allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
        }
    }

    /// The password of an address that begins in `word`, without the signs around it.
    ///
    /// The password may hold what ends a word, but neither white space nor quotes.
    private static func password(_ line: ArraySlice<UInt8>, word: Range<Int>) -> Range<Int>? {
        let start: Int
        if let slashes = Self.firstRange(of: [0x3A, 0x2F, 0x2F], in: line[word]) {
            start = slashes + 3
        } else if lowerCase(line[word].prefix(6)) == "iscsi:" {
            start = word.lowerBound + 6
        } else {
            return nil
        }
        guard let colon = line[start..<word.upperBound].firstIndex(of: 0x3A),
            !line[start..<colon].contains(0x2F)
        else { return nil }
        let end = line[word.upperBound...].firstIndex { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 }
        return AddressPassword.end(in: line, from: colon + 1, to: end ?? line.endIndex).map {
            colon + 1..<$0
        }
    }

    private static func firstRange(of needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - needle.count)).first {
            bytes[$0..<($0 + needle.count)].elementsEqual(needle)
        }
    }

    /// The value that begins at `start`: a quoted one up to its quote, else up to white space,
    /// a quote, or the end.
    private static func valueRange(
        _ line: ArraySlice<UInt8>, from start: Int
    ) -> (from: Int, to: Int) {
        guard start < line.endIndex else { return (line.endIndex, line.endIndex) }
        var from = start
        if line[from] == 0x5C, from + 1 < line.endIndex { from += 1 }
        if line[from] == 0x22 || line[from] == 0x27 {
            let quote = line[from]
            let end = line[(from + 1)...].firstIndex(of: quote) ?? line.endIndex
            return (from + 1, end)
        }
        let end = line[start...].firstIndex { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 }
        return (start, end ?? line.endIndex)
    }

    /// Where `=` stands after white space.
    private static func spacedSign(_ line: ArraySlice<UInt8>, after end: Int) -> Int? {
        guard end < line.endIndex, line[end] == 0x20 || line[end] == 0x09,
            let sign = line[end...].firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            line[sign] == 0x3D
        else { return nil }
        return sign
    }

    private static func lowerCase(_ bytes: ArraySlice<UInt8>) -> String {
        String(
            decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
