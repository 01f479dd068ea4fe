/// Tells the names that speak of a secret, on the bytes of a text and without regard to case.
///
/// Nothing is copied: a configuration file of a megabyte has a hundred thousand words.
enum SecretNames {
    private static let parts = [
        "password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "api_key",
        "api-key", "access_key", "access-key", "private_key", "private-key",
    ].map { Array($0.utf8) }
    private static let endings = [
        "pw", "_pass", ".pass", "psk", ".key", "_key", "-key",
    ].map { Array($0.utf8) }
    private static let wholeName = Array("pass".utf8)
    private static let radioNames = ["wpa", "wep"].map { Array($0.utf8) }
    private static let commands = [
        "password", "password_pbkdf2", "passwd", "--password", "--md5", "--encrypted",
    ].map { Array($0.utf8) }

    /// Whether the value of what `word` in `text` names is a secret.
    ///
    /// Some that end in `key`, such as `rd.luks.key`, name a file: it is masked, too. So are `wpa`,
    /// `wep_key0` and `net.wpa2`, but not `sweep`.
    static func areSecret(_ word: Range<Int>, in text: [UInt8]) -> Bool {
        if word.count == wholeName.count, text.holds(wholeName, at: word.lowerBound) { return true }
        for ending in endings where ending.count <= word.count {
            if text.holds(ending, at: word.upperBound - ending.count) { return true }
        }
        var isStart = true
        for index in word {
            let byte = text.folded(index)
            let left = word.upperBound - index
            if byte == 0x77, isStart, left >= 3 {  // w
                for name in radioNames where text.holds(name, at: index) { return true }
            }
            isStart = !(0x61...0x7A).contains(byte) && !(0x30...0x39).contains(byte)
            // p, s, t, c and a begin the parts.
            guard byte == 0x70 || byte == 0x73 || byte == 0x74 || byte == 0x63 || byte == 0x61
            else { continue }
            for part in parts where part.count <= left {
                if text.holds(part, at: index) { return true }
            }
        }
        return false
    }

    /// Whether `word` in `text` is a command or option that a password follows.
    static func areCommand(_ word: Range<Int>, in text: [UInt8]) -> Bool {
        guard (5...15).contains(word.count) else { return false }
        let first = text.folded(word.lowerBound)
        guard first == 0x70 || first == 0x2D else { return false }  // p, -
        return commands.contains {
            $0.count == word.count && text.holds($0, at: word.lowerBound)
        }
    }
}

extension [UInt8] {
    /// The byte at `index`; a capital letter of ASCII as its small one.
    func folded(_ index: Int) -> UInt8 {
        let byte = self[index]
        return byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Whether `word`, which has no capital letter, stands at `index`, in letters of either case.
    func holds(_ word: [UInt8], at index: Int) -> Bool {
        guard index >= 0, word.count <= count - index else { return false }
        var at = index
        for byte in word {
            guard folded(at) == byte else { return false }
            at += 1
        }
        return true
    }

    /// Whether `word` stands at `index`, exactly so.
    func holdsExactly(_ word: [UInt8], at index: Int) -> Bool {
        guard index >= 0, word.count <= count - index else { return false }
        var at = index
        for byte in word {
            guard self[at] == byte else { return false }
            at += 1
        }
        return true
    }
}
