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

    /// `text`, which holds whole lines, with its secrets masked; lines stay lines.
    public static func masking(_ text: [UInt8]) -> [UInt8] {
        var mask = SecretMask()
        let bytes = mask.text(text)
        var result = [UInt8]()
        result.reserveCapacity(bytes.count)
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            line(bytes[start..<end], into: &result)
            if end < bytes.count { result.append(0x0A) }
            start = end + 1
        }
        return result
    }

    private static func line(_ line: ArraySlice<UInt8>, into result: inout [UInt8]) {
        var at = line.startIndex
        while at < line.endIndex {
            let rest = line[at...]
            if tokens.contains(where: { rest.starts(with: $0) }) {
                result += mask
                at = rest.firstIndex(where: isEnd) ?? line.endIndex
            } else if isStartOfWord(line, at),
                let name = words.first(where: { rest.starts(with: $0) }),
                let value = value(line, after: at + name.count)
            {
                result += line[at..<value.lowerBound]
                result += mask
                at = value.upperBound
            } else {
                result.append(line[at])
                at += 1
            }
        }
    }

    private static func isStartOfWord(_ line: ArraySlice<UInt8>, _ at: Int) -> Bool {
        guard at > line.startIndex else { return true }
        let before = line[at - 1]
        return !(0x30...0x39).contains(before) && !(0x61...0x7A).contains(before | 0x20)
            && before != 0x5F
    }

    /// Where the value is that follows a name and blanks, quotes, `:` or `=`; `nil` when the name
    /// goes on, or nothing follows.
    private static func value(_ line: ArraySlice<UInt8>, after end: Int) -> Range<Int>? {
        var at = end
        while at < line.endIndex, [0x20, 0x09, 0x22, 0x27, 0x3A, 0x3D].contains(line[at]) {
            at += 1
        }
        guard at > end, at < line.endIndex else { return nil }
        // A value that ``SecretMask`` has masked already.
        if line[at...].starts(with: mask) { return nil }
        let stop = line[at...].firstIndex(where: isEnd) ?? line.endIndex
        return stop > at ? at..<stop : nil
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x22 || byte == 0x27 || byte == 0x2C || byte == 0x26 || byte == 0x7D
    }
}
