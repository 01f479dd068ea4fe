internal import DiagModel

/// The 256 words of IDENTIFY DEVICE or IDENTIFY PACKET DEVICE, with their marks of validity.
struct ATAIdentifyWords {
    private let words: [UInt16]

    init(parsing bytes: Span<UInt8>) throws(FormatError) {
        var words = [UInt16]()
        words.reserveCapacity(256)
        for index in 0..<256 { words.append(try bytes.ataWord(index)) }
        self.words = words
    }

    /// Word `index`, 0 beyond the last one.
    subscript(index: Int) -> UInt16 { words.indices.contains(index) ? words[index] : 0 }

    /// Whether words 82 and 83 say what is supported: bits 15 and 14 of word 83 are 01b.
    var hasSupport: Bool { self[83] & 0xC000 == 0x4000 }

    /// Whether words 85 to 87 say what is on: bits 15 and 14 of word 87 are 01b.
    var hasEnabled: Bool { self[87] & 0xC000 == 0x4000 }

    /// Bit `bit` of word 82, where it counts.
    func supports82(_ bit: UInt16) -> Bool {
        self[82] != 0xFFFF && (hasSupport || self[82] != 0) && self[82] & 1 << bit != 0
    }

    /// Bit `bit` of word 83, where it counts.
    func supports83(_ bit: UInt16) -> Bool { hasSupport && self[83] & 1 << bit != 0 }

    /// Bit `bit` of word 84, or of its copy in word 87, where they count.
    func supports84(_ bit: UInt16) -> Bool {
        self[84] & 0xC000 == 0x4000 && self[84] & 1 << bit != 0
            || hasEnabled && self[87] & 1 << bit != 0
    }

    /// Bit `bit` of word 85 or 86, where it counts.
    func enables(_ word: Int, _ bit: UInt16) -> Bool? {
        hasEnabled ? self[word] & 1 << bit != 0 : nil
    }

    /// The name in words 108 to 111; `nil` when the device has none.
    var worldWideName: String? {
        guard supports84(8) else { return nil }
        let name = (108...111).reduce(UInt64(0)) { $0 << 16 | UInt64(self[$1]) }
        guard name != 0, name != .max else { return nil }
        let text = String(name, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
