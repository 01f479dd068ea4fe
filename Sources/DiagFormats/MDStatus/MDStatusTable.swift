internal import DiagModel

/// The running and stopped arrays of md, as /proc/mdstat shows them.
///
/// Source: `md_seq_show` and `status_resync`, drivers/md/md.c of Linux 6.12; the text is meant for
/// people, so what is not understood is left out.
public struct MDStatusTable: Codable, Hashable, Sendable {
    /// One array.
    public struct Array: Codable, Hashable, Sendable {
        /// Its name, such as `md0`.
        public var name: String
        /// `active`, `inactive` or `broken`.
        public var state: String
        /// `read-only` or `auto-read-only`, when it is.
        public var restriction: String?
        /// The level, such as `raid1`; none when it is not running.
        public var level: String?
        /// The members.
        public var members: [Member]
        /// Size, in blocks of 1024 bytes.
        public var blockCount: UInt64?
        /// How many members it should have.
        public var slotCount: UInt64?
        /// How many of them work.
        public var workingCount: UInt64?
        /// One letter for each slot: `U` works, `_` does not.
        public var health: String?
        /// What is under way.
        public var progress: Progress?
        /// What the line of the bitmap says.
        public var bitmap: String?
    }

    /// One member.
    public struct Member: Codable, Hashable, Sendable {
        /// The device.
        public var device: String
        /// The number in brackets, which is not the slot.
        public var number: UInt64?
        /// Letters: `W` write-mostly, `J` journal, `F` faulty, `S` spare, `R` replacement.
        public var flags: [String]
    }

    /// A resync, recovery, reshape or check.
    public struct Progress: Codable, Hashable, Sendable {
        /// `resync`, `recovery`, `reshape`, `check` or `repair`.
        public var action: String
        /// In percent; none while it waits.
        public var percent: Double?
        /// `DELAYED`, `PENDING` or `REMOTE` while it waits.
        public var waiting: String?
        /// In minutes.
        public var minutesLeft: Double?
        /// In units of 1024 bytes each second.
        public var speedKibibytesPerSecond: UInt64?
    }

    /// The levels that the kernel can run, without brackets.
    public let personalities: [String]
    /// The arrays, in the kernel's order.
    public let arrays: [Array]
    /// Devices that belong to no array.
    public let unusedDevices: [String]

    /// Reads the text of /proc/mdstat.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try self.init(
            text: UntrustedText.escapingInvalidUTF8((0..<bytes.count).map { bytes[$0] }))
    }

    private init(text: String) throws(FormatError) {
        var personalities = [String]()
        var arrays = [Array]()
        var unused = [String]()
        for line in TextFields.lines(text) {
            let words = TextFields.words(line).map { UntrustedText.escapingControls($0) }
            guard let first = words.first else { continue }
            if first == "Personalities" {
                personalities = words.dropFirst(2).map {
                    $0.hasPrefix("[") && $0.hasSuffix("]") ? String($0.dropFirst().dropLast()) : $0
                }
            } else if first == "unused" {
                unused = words.dropFirst(2).filter { $0 != "<none>" }
            } else if words.count > 2, words[1] == ":", line.utf8.first != 0x20 {
                arrays.append(Self.array(words))
            } else if !arrays.isEmpty {
                Self.add(words, to: &arrays[arrays.count - 1])
            }
        }
        guard !personalities.isEmpty || !arrays.isEmpty || text.hasPrefix("Personalities") else {
            throw .unexpected(line: 1, expected: "Personalities")
        }
        self.personalities = personalities
        self.arrays = arrays
        unusedDevices = unused
    }

    private static func array(_ words: [String]) -> Array {
        var array = Array(name: words[0], state: words[2], members: [])
        for word in words.dropFirst(3) {
            if word.hasPrefix("("), word.hasSuffix(")") {
                array.restriction = String(word.dropFirst().dropLast())
            } else if let bracket = word.utf8.firstIndex(of: 0x5B) {
                array.members.append(member(word, bracket))
            } else if array.level == nil {
                array.level = word
            }
        }
        return array
    }

    /// `sda1[0]`, `sdb1[2](F)`.
    private static func member(_ word: String, _ bracket: String.Index) -> Member {
        let rest = word.utf8[bracket...].dropFirst()
        let digits = rest.prefix { $0 != 0x5D }
        return Member(
            device: String(word[..<bracket]),
            number: TableText.integer(Swift.Array(digits)[...]),
            flags: rest.dropFirst(digits.count + 1).split { $0 == 0x28 || $0 == 0x29 }
                .map { String(decoding: $0, as: UTF8.self) })
    }

    private static func add(_ words: [String], to array: inout Array) {
        if words[0] == "bitmap:" {
            array.bitmap = words.dropFirst().joined(separator: " ")
            return
        }
        if words.count > 1, words[1] == "blocks" {
            array.blockCount = MapperWordReader.number(words[0])
        }
        // `resync=DELAYED`, `recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec`
        for (index, word) in words.enumerated() {
            if let share = shareInBrackets(word) {
                (array.slotCount, array.workingCount) = (share.used, share.total)
            } else if array.slotCount != nil, array.health == nil, word.hasPrefix("["),
                word.utf8.allSatisfy({ [0x5B, 0x5D, 0x55, 0x5F].contains($0) })
            {
                array.health = String(word.dropFirst().dropLast())
            } else if let action = actions.first(where: { word == $0 || word.hasPrefix($0 + "=") })
            {
                array.progress = progress(action, Swift.Array(words[index...]))
            }
        }
    }

    private static let actions = ["resync", "recovery", "reshape", "check", "repair"]

    private static func progress(_ action: String, _ words: [String]) -> Progress {
        var progress = Progress(action: action)
        for word in words {
            if let value = suffix(word, after: action + "=") {
                if value.hasSuffix("%") {
                    progress.percent = tenths(String(value.dropLast()))
                } else if !value.isEmpty {
                    progress.waiting = value
                }
            } else if word.hasSuffix("%") {
                // The kernel pads with blanks: `= 12.6%`, `=100.0%`.
                let digits = word.utf8.drop { $0 == 0x3D }.dropLast()
                progress.percent = tenths(String(decoding: digits, as: UTF8.self))
            } else if let value = suffix(word, after: "finish="), value.hasSuffix("min") {
                progress.minutesLeft = tenths(String(value.dropLast(3)))
            } else if let value = suffix(word, after: "speed="), value.hasSuffix("K/sec") {
                progress.speedKibibytesPerSecond = MapperWordReader.number(
                    String(value.dropLast(5)))
            }
        }
        return progress
    }

    private static func suffix(_ word: String, after prefix: String) -> String? {
        word.hasPrefix(prefix) ? String(word.dropFirst(prefix.count)) : nil
    }

    private static func tenths(_ text: String) -> Double? {
        guard let value = Double(text), value.isFinite, value >= 0 else { return nil }
        return value
    }

    /// `[2/1]`: how many there should be, and how many work.
    private static func shareInBrackets(_ word: String) -> MapperShare? {
        guard word.hasPrefix("["), word.hasSuffix("]") else { return nil }
        var reader = MapperWordReader([String(word.dropFirst().dropLast())])
        return try? reader.share("members")
    }
}
