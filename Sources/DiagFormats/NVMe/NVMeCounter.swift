/// A counter of 128 bits, as the health logs of NVMe have them.
///
/// In JSON a whole number where it fits 64 bits with a sign, otherwise its decimal digits as text,
/// because readers of JSON commonly lose the low digits of larger numbers.
public struct NVMeCounter: Hashable, Comparable, Sendable {
    /// The count.
    public let value: UInt128

    /// The counter that stands at `value`.
    public init(_ value: UInt128) { self.value = value }

    /// The count, where it fits 64 bits with a sign.
    public var integer: Int64? { Int64(exactly: value) }

    /// Orders by count.
    public static func < (left: NVMeCounter, right: NVMeCounter) -> Bool {
        left.value < right.value
    }
}

extension NVMeCounter: CustomStringConvertible, ExpressibleByIntegerLiteral {
    /// A counter that stands at `value`.
    public init(integerLiteral value: UInt64) { self.value = UInt128(value) }

    /// Its decimal digits.
    public var description: String { String(value) }
}

extension NVMeCounter: Codable {
    /// Reads a whole number that is not negative, or the decimal digits of one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(UInt64.self) {
            value = UInt128(number)
        } else if let number = UInt128(try container.decode(String.self)) {
            value = number
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "neither a count nor its decimal digits")
        }
    }

    /// Writes a number where it fits `Int64`, otherwise text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let integer { try container.encode(integer) } else { try container.encode(description) }
    }
}

extension Span<UInt8> {
    /// Reads a little-endian counter of 16 bytes at `offset`.
    func counter(at offset: Int, field: String) throws(FormatError) -> NVMeCounter {
        let low: UInt64 = try littleEndian(at: offset, field: field)
        let high: UInt64 = try littleEndian(at: offset &+ 8, field: field)
        return NVMeCounter(UInt128(high) << 64 | UInt128(low))
    }
}

/// What the bits of a field mean, one word for each.
struct NVMeBitWords {
    /// The bits that have a meaning here, with their words.
    let words: [(bit: Int, word: String)]

    /// The words of the bits that are set in `value`, in the order of the bits.
    func of(_ value: some FixedWidthInteger & UnsignedInteger) -> [String] {
        guard value != 0 else { return [] }
        let bits = UInt64(truncatingIfNeeded: value)
        return words.filter { bits >> UInt64($0.bit) & 1 != 0 }.map(\.word)
    }
}
