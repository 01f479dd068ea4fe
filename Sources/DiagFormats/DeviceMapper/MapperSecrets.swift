internal import DiagModel

/// Makes words of the parameters of a target, with what is secret left out.
///
/// A secret word is never copied: in its place stands what kind of secret it is and how long.
/// Source: Documentation/admin-guide/device-mapper/{dm-crypt,dm-integrity,verity}.rst and
/// drivers/md/dm-crypt.c (`crypt_status`) of Linux 6.12.
enum MapperSecrets {
    /// The words of the bytes from `start` up to `end`, of a table line or a status line.
    static func words(
        of bytes: Span<UInt8>, from start: Int, to end: Int, type: String, form: MapperLine.Form
    ) -> [String] {
        var words = [String]()
        var at = start
        var masksNext = false
        while at < end {
            guard bytes[at] > 0x20 else {
                at += 1
                continue
            }
            var stop = at
            while stop < end, bytes[stop] > 0x20 { stop += 1 }
            let word: String
            if masksNext || isSecret(position: words.count, of: type, form) {
                word = described(bytes, at, stop)
            } else {
                word = plain(bytes, at, stop)
            }
            masksNext = word == "root_hash_sig_key_desc"
            words.append(word)
            at = stop
        }
        return words
    }

    /// Whether the word at `position` of a line always is a secret, or a salt or digest.
    private static func isSecret(position: Int, of type: String, _ form: MapperLine.Form) -> Bool {
        guard form == .table else { return false }
        return switch type {
        // `<cipher> <key> …`, and so does Android's default-key.
        case "crypt", "default-key", "inlinecrypt", "req-crypt": position == 1
        // `… <algorithm> <digest> <salt> …`
        case "verity": position == 8 || position == 9
        default: false
        }
    }

    /// A word that may be shown, or the description of a secret that it holds nevertheless.
    private static func plain(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        if end - start >= 32, isHexadecimal(bytes, start, end) {
            return described(bytes, start, end)
        }
        // A key in a keyring, `:<size>:<type>:<description>`.
        if bytes[start] == 0x3A { return described(bytes, start, end) }
        // `internal_hash:<algorithm>:<key>`, `journal_crypt:…`, `journal_mac:…`
        // Not the number of a device, `8:16`.
        if bytes[start] > 0x39, let first = colon(bytes, start, end), isKeyed(bytes, start, first) {
            guard let second = colon(bytes, first + 1, end) else { return text(bytes, start, end) }
            return text(bytes, start, second) + ":" + described(bytes, second + 1, end)
        }
        return text(bytes, start, end)
    }

    private static let keyedNames: [[UInt8]] = [
        "internal_hash", "journal_crypt", "journal_mac",
    ].map { Array($0.utf8) }
    private static let keyedParts: [[UInt8]] = ["key", "secret", "pass", "token"].map {
        Array($0.utf8)
    }

    /// Whether the option's name says that a key may follow its algorithm.
    private static func isKeyed(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let name = (start..<min(end, start + 64)).map { index in
            (0x41...0x5A).contains(bytes[index]) ? bytes[index] | 0x20 : bytes[index]
        }
        if keyedNames.contains(where: { $0.elementsEqual(name) }) { return true }
        return keyedParts.contains { part in
            name.count >= part.count
                && (0...(name.count - part.count)).contains {
                    name[$0..<($0 + part.count)].elementsEqual(part)
                }
        }
    }

    /// What a secret is, without it: `[32-byte-key]`, `[-]` for none, or `:64:logon:[name]`.
    private static func described(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        if end - start == 1, bytes[start] == 0x2D { return "-" }
        if start < end, bytes[start] == 0x3A {
            guard let size = colon(bytes, start + 1, end), size - start <= 8,
                let kind = colon(bytes, size + 1, end), kind - size <= 16
            else { return ":[masked]" }
            return text(bytes, start, kind) + ":[masked]"
        }
        return isHexadecimal(bytes, start, end)
            ? "[\((end - start + 1) / 2)-byte-key]" : "[masked]"
    }

    private static func colon(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var at = start
        while at < end {
            if bytes[at] == 0x3A { return at }
            at += 1
        }
        return nil
    }

    private static func isHexadecimal(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard start < end else { return false }
        for index in start..<end {
            switch bytes[index] {
            case 0x30...0x39, 0x41...0x46, 0x61...0x66: continue
            default: return false
            }
        }
        return true
    }

    private static func text(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        var copy = [UInt8]()
        copy.reserveCapacity(end - start)
        var isPlain = true
        for index in start..<end {
            copy.append(bytes[index])
            if bytes[index] > 0x7E { isPlain = false }
        }
        // Words hold nothing below the blank.
        return isPlain
            ? String(decoding: copy, as: UTF8.self) : UntrustedText.escapingForPath(copy)
    }
}
