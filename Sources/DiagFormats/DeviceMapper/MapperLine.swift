internal import DiagModel

/// One target of a mapped device as its table or its status says it, keys left out.
///
/// Source: `struct dm_target_spec`, linux/dm-ioctl.h of Linux 6.12. The words of a line are those
/// that dmsetup(8) prints after the target's name.
public struct MapperLine: Codable, Hashable, Sendable {
    /// Which of its two forms a line has.
    public enum Form: String, Codable, Hashable, Sendable {
        /// How the target was made. Source: `STATUSTYPE_TABLE`.
        case table
        /// How it is now. Source: `STATUSTYPE_INFO`.
        case status
    }

    /// Where the target begins on the mapped device, in sectors of 512 bytes.
    public let startSector: UInt64
    /// How long it is, in sectors of 512 bytes.
    public let sectorCount: UInt64
    /// The kind of target, such as `linear`.
    public let type: String
    /// What follows, between blanks; a key is replaced by its kind and length.
    public let words: [String]

    /// The line as dmsetup(8) prints it, without the device's name.
    public var text: String {
        (["\(startSector)", "\(sectorCount)", type] + words).joined(separator: " ")
    }

    /// Reads all lines of an answer to `DM_TABLE_STATUS`.
    public static func list(
        parsing bytes: Span<UInt8>, form: Form
    ) throws(FormatError) -> [MapperLine] {
        let header = try MapperHeader(parsing: bytes)
        var lines = [MapperLine]()
        var at = header.dataStart
        for _ in 0..<header.targetCount {
            let start: UInt64 = try bytes.littleEndian(at: at, field: "sector_start")
            let length: UInt64 = try bytes.littleEndian(at: at + 8, field: "length")
            let next: UInt32 = try bytes.littleEndian(at: at + 20, field: "next")
            let type = try bytes.text(16, at: at + 24, field: "target_type")
            var end = at + 40
            while end < header.dataEnd, bytes[end] != 0 { end += 1 }
            lines.append(
                MapperLine(
                    startSector: start, sectorCount: length, type: type,
                    words: MapperSecrets.words(
                        of: bytes, from: min(at + 40, end), to: end, type: type, form: form)))
            // Counted from the first; each must lie behind the one before.
            let following = header.dataStart + Int(next)
            guard following > at else { break }
            at = following
        }
        return lines
    }

    /// Reads one line of text as dmsetup(8) prints it: start, length, target, parameters.
    public init(parsing bytes: Span<UInt8>, form: Form) throws(FormatError) {
        var words = [(from: Int, to: Int)]()
        var at = 0
        while at < bytes.count, words.count < 3 {
            guard bytes[at] > 0x20 else {
                at += 1
                continue
            }
            let start = at
            while at < bytes.count, bytes[at] > 0x20 { at += 1 }
            words.append((start, at))
        }
        func text(_ index: Int) -> [UInt8] {
            guard index < words.count else { return [] }
            return (words[index].from..<words[index].to).map { bytes[$0] }
        }
        guard words.count == 3, let start: UInt64 = TableText.integer(text(0)[...]),
            let length: UInt64 = TableText.integer(text(1)[...])
        else { throw .unexpected(line: 1, expected: "start, length and target") }
        startSector = start
        sectorCount = length
        type = UntrustedText.escapingForPath(text(2))
        self.words = MapperSecrets.words(
            of: bytes, from: at, to: bytes.count, type: type, form: form)
    }

    private init(startSector: UInt64, sectorCount: UInt64, type: String, words: [String]) {
        self.startSector = startSector
        self.sectorCount = sectorCount
        self.type = type
        self.words = words
    }
}
