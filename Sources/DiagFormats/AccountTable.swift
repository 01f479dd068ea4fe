/// The lines of /etc/passwd or /etc/group without the field that may hold the hash of a password.
///
/// Source: passwd(5), group(5). On a host without shadow the second field is the hash. A line that
/// is not of the form is left out whole: nobody knows which part of it is the hash.
public struct AccountTable: Hashable, Sendable {
    /// Which of the two files.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// /etc/passwd: seven fields, of which the third and fourth are numbers.
        case users
        /// /etc/group: four fields, of which the third is a number.
        case groups

        fileprivate var fieldCount: Int { self == .users ? 7 : 4 }
        fileprivate var numbers: Range<Int> { self == .users ? 2..<4 : 2..<3 }
    }

    /// The other fields of each line in the order of the file, between colons, as `cut -d: -f1,3-`
    /// gives them; each line ends with a newline.
    public let bytes: [UInt8]
    /// How many lines are left out, empty ones and comments aside.
    public let leftOutCount: Int

    /// Reads the text of a file of that kind.
    public init(parsing text: [UInt8], of kind: Kind) {
        var bytes = [UInt8]()
        var leftOutCount = 0
        TableText.forEachLine(of: text) { _, line in
            let content = TableText.trimmed(line)
            guard let first = content.first, first != 0x23 else { return }
            let fields = line.split(separator: 0x3A, omittingEmptySubsequences: false)
            guard fields.count == kind.fieldCount, !fields[0].isEmpty,
                kind.numbers.allSatisfy({ index in
                    let number: UInt32? = TableText.integer(fields[index])
                    return number != nil
                })
            else { return leftOutCount += 1 }
            bytes += fields[0]
            for field in fields[2...] {
                bytes.append(0x3A)
                bytes += field
            }
            bytes.append(0x0A)
        }
        self.bytes = bytes
        self.leftOutCount = leftOutCount
    }
}
