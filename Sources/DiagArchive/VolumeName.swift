/// What one volume of a bundle is called: the name of the whole, a dot, and its number.
///
/// The number has leading zeros, as many digits in all volumes of a set: three, or four when there
/// are more than 999. So the shell's glob sorts them as they are joined.
struct VolumeName: Hashable {
    /// Volumes that a set has at most.
    static let greatestNumber = 9_999
    static let digitCounts = [3, 4]

    /// The name of the whole, which need not be UTF-8.
    let whole: [UInt8]
    /// From 1 on.
    let number: Int
    let digitCount: Int

    init(of whole: [UInt8], number: Int, digitCount: Int) {
        self.whole = whole
        self.number = number
        self.digitCount = digitCount
    }

    /// Takes a file's name apart; `nil` for that of no volume.
    init?(_ name: [UInt8]) {
        guard let dot = name.lastIndex(of: 0x2E), dot > 0 else { return nil }
        let digits = name[(dot + 1)...]
        guard Self.digitCounts.contains(digits.count),
            digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard number > 0 else { return nil }
        whole = Array(name[..<dot])
        digitCount = digits.count
    }

    /// How many digits the numbers of `count` volumes have.
    static func digitCount(ofCount count: Int) -> Int { count > 999 ? 4 : 3 }

    /// The number with its leading zeros.
    static func digits(_ number: Int, count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }

    /// The file's name.
    var bytes: [UInt8] {
        whole + [0x2E] + Array(Self.digits(number, count: digitCount).utf8)
    }
}
