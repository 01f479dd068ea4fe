extension Missing {
    /// The remedy, where it is a sentence: `Wait for it to end.`
    ///
    /// Others are words that name what is needed, such as `root, or CAP_SYSLOG`.
    public var advice: String? {
        guard let remedy, remedy.hasSuffix("."), remedy.first?.isUppercase == true else {
            return nil
        }
        return remedy
    }
}
