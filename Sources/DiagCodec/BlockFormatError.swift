/// A file of blocks that is not what it claims, or claims more than is given to it.
public struct BlockFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller chooses by.
    public enum Kind: Hashable, Sendable {
        /// The bytes contradict themselves or their check, or end too early.
        case damaged
        /// It may be sound, but holds what is not read here.
        case unsupported
        /// It may be sound, but asks for more memory than is given.
        case tooLarge
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// The part of the file: `xz index`, `xz block`.
    public let what: String
    /// Where in the file it shows, in bytes from the start.
    public let offset: Int64
    /// Why it is refused.
    public let reason: String

    init(_ kind: Kind, _ what: String, at offset: Int64, _ reason: String) {
        self.kind = kind
        self.what = what
        self.offset = offset
        self.reason = reason
    }

    /// For example `xz index at byte 4096: its checksum is wrong`.
    public var description: String { "\(what) at byte \(offset): \(reason)" }
}
