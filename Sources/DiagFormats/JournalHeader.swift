/// The head of a systemd journal file.
///
/// Source: systemd "Journal File Format" (systemd.io/JOURNAL_FILE_FORMAT), section "Header", and
/// `src/libsystemd/sd-journal/journal-def.h` of systemd 187 to 257. All integers little-endian.
public struct JournalHeader: Hashable, Sendable {
    /// How the file was left.
    public enum State: UInt8, Hashable, Sendable {
        /// Closed cleanly.
        case offline = 0
        /// Being written now, or left so by a crash.
        case online = 1
        /// Closed for good after a rotation.
        case archived = 2
    }

    /// The fewest bytes that a header has, those of systemd 38.
    public static let minimumByteCount = 208

    /// How the file was left; `nil` for a state this reader does not know.
    public let state: State?
    /// Whether offsets in entries and entry arrays have 32 bits. Since systemd 252.
    public let isCompact: Bool
    /// Whether data is hashed with SipHash keyed by the file's identifier. Since systemd 246.
    public let usesKeyedHash: Bool
    /// What names the run of sequence numbers that the entries belong to.
    public let sequenceIdentifier: JournalIdentifier
    /// The machine that wrote the file.
    public let machineIdentifier: JournalIdentifier
    /// The file's own identifier.
    public let fileIdentifier: JournalIdentifier
    /// How long the header is, in bytes; the first object follows.
    public let headerByteCount: UInt64
    /// How many entries were in the file when the header was read.
    public let entryCount: UInt64
    /// Where the first entry array stands, in bytes from the file's start; 0 for none.
    public let entryArrayOffset: UInt64
    /// When the first entry was written, in microseconds since 1970; 0 in an empty file.
    public let headRealtime: UInt64
    /// When the last entry was written, in microseconds since 1970; 0 in an empty file.
    public let tailRealtime: UInt64

    private static let keyedHash: UInt32 = 1 << 2
    private static let compact: UInt32 = 1 << 4
    /// XZ, LZ4, keyed hash, ZSTD, compact.
    private static let knownIncompatible: UInt32 = 0b1_1111

    /// Reads a header from the first ``minimumByteCount`` bytes of a file.
    public init(parsing bytes: [UInt8]) throws(JournalFailure) {
        guard bytes.count >= Self.minimumByteCount else {
            throw JournalFailure(offset: UInt64(bytes.count), reason: "the header ends too early")
        }
        guard bytes.prefix(8).elementsEqual("LPKSHHRH".utf8) else {
            throw JournalFailure(offset: 0, reason: "not a journal file: no signature LPKSHHRH")
        }
        let incompatible = JournalInteger.fixed32(bytes, at: 12)
        guard incompatible & ~Self.knownIncompatible == 0 else {
            throw JournalFailure(
                offset: 12,
                reason: "written with features this reader does not know: flags 0x"
                    + String(incompatible, radix: 16))
        }
        isCompact = incompatible & Self.compact != 0
        usesKeyedHash = incompatible & Self.keyedHash != 0
        state = State(rawValue: bytes[16])
        fileIdentifier = JournalIdentifier(bytes, at: 24)
        machineIdentifier = JournalIdentifier(bytes, at: 40)
        sequenceIdentifier = JournalIdentifier(bytes, at: 72)
        headerByteCount = JournalInteger.fixed64(bytes, at: 88)
        guard headerByteCount >= UInt64(Self.minimumByteCount), headerByteCount <= 1 << 20,
            headerByteCount % 8 == 0
        else {
            throw JournalFailure(
                offset: 88, reason: "the header cannot have \(headerByteCount) bytes")
        }
        entryCount = JournalInteger.fixed64(bytes, at: 152)
        entryArrayOffset = JournalInteger.fixed64(bytes, at: 176)
        headRealtime = JournalInteger.fixed64(bytes, at: 184)
        tailRealtime = JournalInteger.fixed64(bytes, at: 192)
    }
}
