/// The state of the security feature set: a lock by password, kept by the device.
///
/// Source: ACS-5, section 4.18 and section 7.13.6, words 82, 85, 89, 90 and 128.
public struct ATASecurity: Codable, Hashable, Sendable {
    /// Whether the device has it.
    public let isSupported: Bool
    /// Whether a user password is set.
    public let isEnabled: Bool
    /// Whether the device refuses to read and write until it gets the password.
    public let isLocked: Bool
    /// Whether security commands are refused until the next power cycle. Most firmware does this.
    public let isFrozen: Bool
    /// Whether too many wrong passwords were tried.
    public let isCountExpired: Bool
    /// Whether enhanced erase is there.
    public let supportsEnhancedErase: Bool
    /// `high` or `maximum`, for the master password; none without a user password.
    public let level: String?

    init(_ words: ATAIdentifyWords) {
        let status = words[128] == 0xFFFF ? 0 : words[128]
        isSupported = status & 1 != 0
        isEnabled = status & 1 << 1 != 0 && isSupported
        isLocked = status & 1 << 2 != 0 && isSupported
        isFrozen = status & 1 << 3 != 0 && isSupported
        isCountExpired = status & 1 << 4 != 0 && isSupported
        supportsEnhancedErase = status & 1 << 5 != 0 && isSupported
        level = isEnabled ? (status & 1 << 8 != 0 ? "maximum" : "high") : nil
    }
}
