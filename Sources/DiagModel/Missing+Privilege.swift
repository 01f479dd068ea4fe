extension Missing {
    /// Whether its remedy asks for root or for a capability: `root`, `as root`, `or root`, or the
    /// name of one.
    ///
    /// What stands behind the first path is not looked at: a file may be called anything. That
    /// something is to belong to root asks for nothing of who runs this.
    public var wantsRoot: Bool {
        guard let remedy else { return false }
        let words = remedy.lowercased().split(separator: " ").prefix { word in
            word.first { $0.isLetter || $0 == "/" } != "/"
        }.map { word in word.filter { $0.isLetter || $0 == "_" } }
        return words.indices.contains { index in
            words[index].hasPrefix("cap_")
                || words[index] == "root"
                    && (index == 0 || ["as", "or"].contains(words[index - 1]))
        }
    }
}
