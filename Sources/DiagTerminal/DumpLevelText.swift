/// The level of a dump as it was asked for and as it was made.
enum DumpLevelText {
    /// `27 (zero pages kept as one)` where pages of zeros were to be left out: they stay as one
    /// page that all share, so that `level` lacks their bit.
    ///
    /// `parameters` are those of the stop code: the third is the level that was asked for.
    static func describe(_ level: Int, parameters: [String]) -> String {
        guard level & 1 == 0, number(2, of: parameters) == UInt64(clamping: level | 1) else {
            return "\(level)"
        }
        return "\(level | 1) (zero pages kept as one)"
    }

    /// Whether it is a dump of stacks, whose pages no level describes: the second parameter.
    static func isOfStacks(parameters: [String]) -> Bool { number(1, of: parameters) == 2 }

    private static func number(_ index: Int, of parameters: [String]) -> UInt64? {
        guard index < parameters.count, parameters[index].hasPrefix("0x") else { return nil }
        return UInt64(parameters[index].dropFirst(2), radix: 16)
    }
}
