/// The order of names that a person expects: a number in them counts by its value.
public enum NaturalOrder {
    /// Whether `left` comes before `right`: `sda2` before `sda10`, other bytes as they are.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        var (left, right) = (left.utf8[...], right.utf8[...])
        while let first = left.first, let other = right.first {
            if isDigit(first), isDigit(other) {
                let number = left.prefix(while: isDigit).drop { $0 == 0x30 }
                let otherNumber = right.prefix(while: isDigit).drop { $0 == 0x30 }
                if number.count != otherNumber.count { return number.count < otherNumber.count }
                if !number.elementsEqual(otherNumber) {
                    return number.lexicographicallyPrecedes(otherNumber)
                }
                left = left.drop(while: isDigit)
                right = right.drop(while: isDigit)
            } else {
                if first != other { return first < other }
                left = left.dropFirst()
                right = right.dropFirst()
            }
        }
        return left.isEmpty && !right.isEmpty
    }
}
