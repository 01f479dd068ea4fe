public import DiagFormats
internal import DiagModel

/// The notes of a dump: registers, the mark of a live dump, VMCOREINFO, and our own, whose text is
/// written again when the dump is whole.
public struct DumpNotes: Sendable {
    /// Name and type of our own note; the type is the stop code `LIVE_SYSTEM_DUMP`.
    public static let markName = "DIAGBUNDLE"
    /// The type of our own note.
    public static let markType: UInt32 = 0x161

    /// The notes before our own.
    public var notes: [ELFNote]
    /// The text of our own note at the start, JSON; `nil` for no such note.
    public var mark: [UInt8]?
    /// Bytes that are kept for the text of our own note, in which it may grow.
    public var markByteCount: Int

    /// `notes`, and behind them our own with `mark`, which may become twice as long and 2 KiB.
    public init(_ notes: [ELFNote], mark: [UInt8]? = nil) {
        self.notes = notes
        self.mark = mark
        markByteCount = mark.map { ($0.count * 2 + 2048 + 3) / 4 * 4 } ?? 0
    }

    /// The notes of a live dump.
    ///
    /// - Parameters:
    ///   - kernel: whose VMCOREINFO goes in unchanged.
    ///   - processors: `NT_PRSTATUS` of each processor, in order.
    ///   - format: an ELF file says more in the note that marks it as live.
    ///   - mark: the text of our own note.
    /// - Returns: the notes in the order in which readers look for them.
    public static func live(
        kernel: DumpedKernel, processors: [ELFNote], format: LiveDumpOptions.Format, mark: [UInt8]
    ) -> DumpNotes {
        var notes = processors
        notes.append(liveMark(kernel: kernel, format: format))
        if !kernel.vmcoreInfo.isEmpty {
            notes.append(ELFNote(name: "VMCOREINFO", type: 0, descriptor: kernel.vmcoreInfo))
        }
        return DumpNotes(notes, mark: mark)
    }

    /// The note by which crash knows a live dump. Source: crash 8.0.6 diskdump.c, netdump.c,
    /// extensions/snap.c; crash reads the descriptor right behind a name of four bytes.
    ///
    /// Its first word may be the task that dumps. It stays 0: given one, crash 8.0.6 wants its stack
    /// at its start and gives up when that was torn.
    static func liveMark(kernel: DumpedKernel, format: LiveDumpOptions.Format) -> ELFNote {
        let info = VMCoreInfo(parsing: kernel.vmcoreInfo.span)
        var words: [UInt64] = [0, 0, 0]
        if format == .elf {
            if kernel.machine == 183 {
                let bits = info.number("VA_BITS") ?? 48
                let actual = info.number("TCR_EL1_T1SZ").map { 64 &- $0 }
                words[1] = info.number("kimage_voffset") ?? 0
                words[2] = actual.map { $0 << 32 } ?? bits
            } else {
                words[1] = 0 &- (info.kernelOffset ?? 0)
            }
        }
        var bytes = [UInt8]()
        for word in words { bytes.appendLittleEndian(word) }
        return ELFNote(
            name: "SNAP", nameIsTerminated: false, type: ELFNote.taskStructure, descriptor: bytes)
    }

    /// The bytes of all notes, and where the parts lie that others need to know.
    var encoded: EncodedNotes { EncodedNotes(self) }
}

/// The bytes of all notes.
struct EncodedNotes {
    /// All of them, the room for our own included.
    let bytes: [UInt8]
    /// Where the descriptor of VMCOREINFO lies in ``bytes``.
    private(set) var vmcoreInfo = 0..<0
    /// Where the text of our own note lies in ``bytes``.
    private let mark: Range<Int>

    init(_ notes: DumpNotes) {
        var bytes = [UInt8]()
        var info = 0..<0
        for note in notes.notes {
            let start =
                bytes.count + 12
                + (note.name.utf8.count
                    + (note.nameIsTerminated ? 1 : 0) + 3) / 4 * 4
            if note.name == "VMCOREINFO" { info = start..<(start + note.descriptor.count) }
            bytes += note.encoded
        }
        vmcoreInfo = info
        if let text = notes.mark {
            let padded = Self.padded(text, to: notes.markByteCount) ?? text
            let note = ELFNote(
                name: DumpNotes.markName, type: DumpNotes.markType, descriptor: padded)
            let encoded = note.encoded
            let start = bytes.count + 12 + 12
            mark = start..<(start + padded.count)
            bytes += encoded
        } else {
            mark = 0..<0
        }
        self.bytes = bytes
    }

    /// All notes, with another text in our own; a text that has no room is left out.
    func bytes(mark text: [UInt8]?) -> [UInt8] {
        guard let text, let padded = Self.padded(text, to: mark.count), !mark.isEmpty else {
            return bytes
        }
        var bytes = self.bytes
        bytes.replaceSubrange(mark, with: padded)
        return bytes
    }

    private static func padded(_ text: [UInt8], to count: Int) -> [UInt8]? {
        guard text.count <= count else { return nil }
        return text + [UInt8](repeating: 0x20, count: count - text.count)
    }
}
