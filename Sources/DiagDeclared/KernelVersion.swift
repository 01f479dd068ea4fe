/// The version of a kernel, for comparing: up to three numbers.
public struct KernelVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Major, minor and patch; those not written are 0.
    public let numbers: [Int]

    /// The numbers at the start of `text`, for example of `6.1.0-56-cloud-amd64`; `nil` without.
    public init?(_ text: some StringProtocol) {
        var numbers = [Int]()
        for part in text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
            .prefix(3)
        {
            let digits = part.prefix { ("0"..."9").contains($0) }
            guard let number = Int(digits) else { break }
            numbers.append(number)
            if digits.endIndex != part.endIndex { break }
        }
        guard !numbers.isEmpty else { return nil }
        self.numbers = numbers + Array(repeating: 0, count: 3 - numbers.count)
    }

    /// The numbers between dots.
    public var description: String { numbers.map(String.init).joined(separator: ".") }

    /// Orders by number.
    public static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }

    /// How a version must compare with another: `>=5.10`.
    public struct Comparison: Hashable, Sendable, CustomStringConvertible {
        /// The signs that may stand before a version.
        public enum Sign: String, Hashable, Sendable, CaseIterable {
            case atLeast = ">="
            case atMost = "<="
            case above = ">"
            case below = "<"
            case equal = "="
        }

        /// How it compares.
        public let sign: Sign
        /// With what.
        public let version: KernelVersion

        /// A sign and a version without anything between or behind; `nil` for anything else, and
        /// for numbers beyond `Int`.
        public init?(_ text: String) {
            guard let sign = Sign.allCases.first(where: { text.hasPrefix($0.rawValue) }) else {
                return nil
            }
            let rest = text.dropFirst(sign.rawValue.count).drop { $0 == " " }
            // Up to three numbers with one dot between each two.
            let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 3,
                parts.allSatisfy({ part in
                    part.allSatisfy { ("0"..."9").contains($0) } && Int(part) != nil
                }), let version = KernelVersion(rest)
            else { return nil }
            self.sign = sign
            self.version = version
        }

        /// Whether `version` compares so.
        public func holds(for version: KernelVersion) -> Bool {
            switch sign {
            case .atLeast: version >= self.version
            case .atMost: version <= self.version
            case .above: version > self.version
            case .below: version < self.version
            case .equal: version == self.version
            }
        }

        /// Sign and version.
        public var description: String { "\(sign.rawValue) \(version)" }
    }
}
