/// Takes passwords, their hashes and other secrets out of loader configuration and command lines.
///
/// It masks rather too much than too little: everything after a word `password`,
/// `password_pbkdf2` or `passwd`; the value of `name=value` and `name: value` where the name speaks
/// of a secret; the password after `cryptomount -p`; password hashes of GRUB and crypt(5) wherever
/// they stand; the password in an address such as `cifs://user:password@server`, in dracut's
/// `iscsi:user:password@…`, and in `user:password@server`.
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
        // What is before this place is in the result, as it was or masked.
        var kept = 0
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            mask(start..<end, of: bytes, into: &result, kept: &kept)
            start = end + 1
        }
        return Self.joined(result, bytes, kept: kept)
    }

    /// One line, with its secrets masked.
    public mutating func line(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let before = maskedCount
        var result = [UInt8]()
        var kept = 0
        mask(0..<bytes.count, of: bytes, into: &result, kept: &kept)
        guard maskedCount > before else { return text }
        return String(decoding: Self.joined(result, bytes, kept: kept), as: UTF8.self)
    }

    private static func joined(_ result: [UInt8], _ bytes: [UInt8], kept: Int) -> [UInt8] {
        kept == 0 && result.isEmpty ? bytes : result + bytes[kept...]
    }

    /// Masks the secrets of one line: what stands before each goes to `result`.
    private mutating func mask(
        _ line: Range<Int>, of text: [UInt8], into result: inout [UInt8], kept: inout Int
    ) {
        func take(_ secret: Range<Int>, after sign: String = "") {
            maskedCount += 1
            result += text[kept..<secret.lowerBound]
            result += sign.utf8
            result += Self.replacement.utf8
            kept = secret.upperBound
        }
        if continuesMaskedLine {
            continuesMaskedLine = Self.isContinued(line, in: text)
            return take(line)
        }
        var at = line.lowerBound
        var opensVolumes = false
        /// Masks a hash, or the password of each address, and goes to what follows.
        func maskSecrets(within word: Range<Int>) {
            if Self.isHash(word, in: text) {
                take(word)
            } else {
                at = word.lowerBound
                while at < word.upperBound,
                    let password = Self.password(
                        in: text, word: at..<word.upperBound, to: line.upperBound)
                {
                    take(password)
                    at = password.upperBound
                }
            }
            at = max(at, word.upperBound)
        }
        while at < line.upperBound {
            guard Self.isWordByte(text[at]) else {
                at += 1
                continue
            }
            var end = at + 1
            while end < line.upperBound, Self.isWordByte(text[end]) { end += 1 }
            let word = at..<end
            let isNamed = end < line.upperBound && text[end] == 0x3D
            if isNamed, SecretNames.areSecret(word, in: text) {
                maskSecrets(within: word)
                // The password of an address may hold the sign.
                let value = Self.value(in: text, from: max(at, end + 1), to: line.upperBound)
                if !value.isEmpty { take(value) }
                at = value.upperBound
            } else if !isNamed,
                let sign = Self.spacedSign(in: text, after: end, to: line.upperBound),
                SecretNames.areSecret(word, in: text)
            {
                // `name = value` of bootconfig: the value may be a list, up to the line's end.
                let value = sign + 1..<line.upperBound
                guard text[value].contains(where: { $0 > 0x20 }) else { return }
                maskSecrets(within: word)
                continuesMaskedLine = Self.isContinued(line, in: text)
                return take(value, after: " ")
            } else if let value = Self.mappedValue(in: text, of: word, to: line.upperBound) {
                take(value)
                at = value.upperBound
            } else if !isNamed, SecretNames.areCommand(word, in: text) {
                guard end < line.upperBound else { return }
                continuesMaskedLine = Self.isContinued(line, in: text)
                return take(end..<line.upperBound, after: " ")
            } else if opensVolumes, text[word].elementsEqual(Self.passwordOption) {
                var start = end
                while start < line.upperBound, text[start] <= 0x20 { start += 1 }
                let value = Self.value(in: text, from: start, to: line.upperBound)
                if !value.isEmpty { take(value) }
                at = max(end, value.upperBound)
            } else {
                opensVolumes = opensVolumes || text[word].elementsEqual(Self.volumeOpener)
                maskSecrets(within: word)
            }
        }
    }

    /// GRUB's command that opens an encrypted volume, and its option with the password.
    private static let volumeOpener = Array("cryptomount".utf8)
    private static let passwordOption = Array("-p".utf8)

    /// The value of `name: value`, as in a cloud-config, where the name speaks of a secret: up to
    /// white space, a quote or a sign of YAML's short form.
    private static func mappedValue(
        in text: [UInt8], of word: Range<Int>, to lineEnd: Int
    ) -> Range<Int>? {
        var name = word
        var at = word.upperBound
        if text[name].last == 0x3A {
            name = name.lowerBound..<name.upperBound - 1
        } else {
            guard at + 1 < lineEnd, text[at] == 0x22 || text[at] == 0x27, text[at + 1] == 0x3A
            else { return nil }
            at += 2
        }
        guard at < lineEnd, !name.isEmpty, SecretNames.areSecret(name, in: text) else { return nil }
        while at < lineEnd, text[at] == 0x20 || text[at] == 0x09 { at += 1 }
        guard at < lineEnd, text[at] != 0x7B, text[at] != 0x5B else { return nil }
        if text[at] == 0x22 || text[at] == 0x27 {
            let value = value(in: text, from: at, to: lineEnd)
            return value.isEmpty ? nil : value
        }
        let end =
            text[at..<lineEnd].firstIndex {
                endsValue($0) || $0 == 0x2C || $0 == 0x7D || $0 == 0x5D
            } ?? lineEnd
        return end > at ? at..<end : nil
    }

    private static func isContinued(_ line: Range<Int>, in text: [UInt8]) -> Bool {
        !line.isEmpty && text[line.upperBound - 1] == 0x5C
    }

    /// What parts words: white space, quotes, `=`, and the signs of shell syntax.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x22, 0x27, 0x28, 0x29, 0x3B, 0x3D, 0x60, 0x7B, 0x7D: false
        default: true
        }
    }

    /// What ends an unquoted value: white space and quotes.
    private static func endsValue(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x22 || byte == 0x27
    }

    private static let loaderHash = Array("grub.pbkdf2.".utf8)

    private static func isHash(_ word: Range<Int>, in text: [UInt8]) -> Bool {
        let first = text[word.lowerBound]
        if first == 0x67 {  // g
            return word.count >= loaderHash.count
                && text.holdsExactly(loaderHash, at: word.lowerBound)
        }
        // crypt(5): `$id$salt$hash`, with an id such as `6`, `2b`, `y` or `argon2id`.
        guard first == 0x24 else { return false }
        let fields = text[word].split(
            separator: 0x24, maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count >= 4, (1...8).contains(fields[1].count) else { return false }
        return fields[1].allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
        }
    }

    private static let daemonAddress = Array("iscsi:".utf8)

    /// The password of an address that begins in `word`, without the signs around it.
    ///
    /// The password may hold what ends a word, but neither white space nor quotes.
    private static func password(
        in text: [UInt8], word: Range<Int>, to lineEnd: Int
    ) -> Range<Int>? {
        guard let first = text[word].firstIndex(of: 0x3A) else { return nil }
        let start: Int
        if let slashes = (first..<max(first, word.upperBound - 2)).first(where: {
            text[$0] == 0x3A && text[$0 + 1] == 0x2F && text[$0 + 2] == 0x2F
        }) {
            start = slashes + 3
        } else if first == word.lowerBound + 5, text.holds(daemonAddress, at: word.lowerBound) {
            start = word.lowerBound + 6
        } else if first > word.lowerBound, text[first..<word.upperBound].contains(0x40) {
            start = word.lowerBound
        } else {
            return nil
        }
        guard let colon = text[start..<word.upperBound].firstIndex(of: 0x3A),
            !text[start..<colon].contains(0x2F)
        else { return nil }
        // No further than a password is long, so that no line costs more than its length.
        let limit = min(lineEnd, max(word.upperBound, colon + 1 + AddressPassword.lengthLimit))
        let end = text[word.upperBound..<limit].firstIndex(where: endsValue)
        return AddressPassword.end(in: text[...], from: colon + 1, to: end ?? limit).map {
            colon + 1..<$0
        }
    }

    /// The value that begins at `start`: a quoted one up to its quote, else up to white space,
    /// a quote, or the end.
    private static func value(in text: [UInt8], from start: Int, to lineEnd: Int) -> Range<Int> {
        guard start < lineEnd else { return lineEnd..<lineEnd }
        var from = start
        if text[from] == 0x5C, from + 1 < lineEnd { from += 1 }
        if text[from] == 0x22 || text[from] == 0x27 {
            let end = text[(from + 1)..<lineEnd].firstIndex(of: text[from]) ?? lineEnd
            return from + 1..<end
        }
        let end = text[start..<lineEnd].firstIndex(where: endsValue)
        return start..<(end ?? lineEnd)
    }

    /// Where `=` stands after white space.
    private static func spacedSign(in text: [UInt8], after end: Int, to lineEnd: Int) -> Int? {
        var at = end
        while at < lineEnd, text[at] == 0x20 || text[at] == 0x09 { at += 1 }
        return at > end && at < lineEnd && text[at] == 0x3D ? at : nil
    }
}
