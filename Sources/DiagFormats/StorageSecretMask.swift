/// Takes secrets out of the configuration of storage: what ``SecretMask`` masks, and the keys that
/// NVMe, multipath and crypttab have in forms of their own.
///
/// - `"dhchap_key": "DHHC-1:…"` and other members of JSON whose name speaks of a key or secret;
/// - `DHHC-1:…` and `NVMeTLSkey-1:…` wherever they stand, the forms of keys in the NVMe TLS and
///   DH-HMAC-CHAP specifications (NVM Express Base Specification 2.0, section 8.13.5.8);
/// - `reservation_key 0x…` of multipath.conf(5), and `pin-value=` of RFC 7512.
public enum StorageSecretMask {
    private static let mask = Array(SecretMask.replacement.utf8)
    private static let tokens = ["DHHC-1:", "NVMeTLSkey-"].map { Array($0.utf8) }
    private static let words = [
        "reservation_key", "dhchap_key", "dhchap_ctrl_key", "dhchap-secret", "dhchap-ctrl-secret",
        "tls_key", "tls-key", "keyring_key", "secret", "psk", "pin-value", "password",
    ].map { Array($0.utf8) }
    /// For each byte, whether a token or a word begins with it: most bytes are no further looked at.
    private static let beginnings = {
        var beginnings = [Bool](repeating: false, count: 256)
        for text in tokens + words { beginnings[Int(text[0])] = true }
        return beginnings
    }()

    /// `text`, which holds whole lines, with its secrets masked; lines stay lines.
    public static func masking(_ text: [UInt8]) -> [UInt8] {
        var mask = SecretMask()
        let bytes = mask.text(text)
        let beginnings = beginnings
        var result = [UInt8]()
        var kept = 0
        var at = 0
        while at < bytes.count {
            guard beginnings[Int(bytes[at])], let secret = secret(in: bytes, at: at) else {
                at += 1
                continue
            }
            result += bytes[kept..<secret.lowerBound]
            result += Self.mask
            kept = secret.upperBound
            at = kept
        }
        return kept == 0 ? bytes : result + bytes[kept...]
    }

    /// The secret that a token or a word at `index` begins.
    private static func secret(in text: [UInt8], at index: Int) -> Range<Int>? {
        for token in tokens where text.holdsExactly(token, at: index) {
            return index..<end(in: text, from: index + token.count)
        }
        guard isStartOfWord(text, index) else { return nil }
        for word in words where text.holdsExactly(word, at: index) {
            return value(in: text, after: index + word.count)
        }
        return nil
    }

    private static func isStartOfWord(_ text: [UInt8], _ at: Int) -> Bool {
        guard at > 0 else { return true }
        let before = text[at - 1]
        return !(0x30...0x39).contains(before) && !(0x61...0x7A).contains(before | 0x20)
            && before != 0x5F
    }

    /// Where the value is that follows a name and blanks, quotes, `:` or `=` in its line; `nil`
    /// when the name goes on, or nothing follows.
    private static func value(in text: [UInt8], after end: Int) -> Range<Int>? {
        var at = end
        scan: while at < text.count {
            switch text[at] {
            case 0x20, 0x09, 0x22, 0x27, 0x3A, 0x3D: at += 1
            default: break scan
            }
        }
        // A value that ``SecretMask`` has masked already stays as it is.
        guard at > end, at < text.count, text[at] != 0x0A, !text.holdsExactly(mask, at: at) else {
            return nil
        }
        let stop = Self.end(in: text, from: at)
        return stop > at ? at..<stop : nil
    }

    /// Where a secret ends that goes on at `start`: before white space, a quote, or a sign between
    /// values.
    private static func end(in text: [UInt8], from start: Int) -> Int {
        text[start...].firstIndex {
            $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 || $0 == 0x2C || $0 == 0x26 || $0 == 0x7D
        } ?? text.count
    }
}
