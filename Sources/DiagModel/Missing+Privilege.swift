extension Missing {
    /// Whether its remedy asks for root or for a capability.
    public var wantsRoot: Bool {
        guard let remedy else { return false }
        let words = remedy.lowercased().split { !($0.isLetter || $0 == "_") }
        return words.contains { $0 == "root" || $0.hasPrefix("cap_") }
    }
}
