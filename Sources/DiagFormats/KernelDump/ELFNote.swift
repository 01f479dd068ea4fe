internal import DiagModel

/// One note of an ELF file or of a kdump-compressed file.
///
/// Source: System V ABI, section 5, "Note section"; name and descriptor are padded to 4 bytes.
public struct ELFNote: Hashable, Sendable {
    /// `NT_PRSTATUS`: registers of a processor.
    public static let processorStatus: UInt32 = 1
    /// `NT_TASKSTRUCT`: a task_struct, or with the name `SNAP` the mark of a live dump.
    public static let taskStructure: UInt32 = 4

    /// Its name, without the NUL that may end it.
    public var name: String
    /// Whether a NUL ends the name: crash knows `SNAP` only without it.
    public var nameIsTerminated: Bool
    /// Its type, which means something only together with the name.
    public var type: UInt32
    /// What it says.
    public var descriptor: [UInt8]
    /// Where the descriptor begins, in bytes from the start of the notes; set by parsing.
    public var descriptorOffset = 0

    /// A note by name and type.
    public init(
        name: String, nameIsTerminated: Bool = true, type: UInt32, descriptor: [UInt8]
    ) {
        self.name = name
        self.nameIsTerminated = nameIsTerminated
        self.type = type
        self.descriptor = descriptor
    }

    /// Its bytes, padded to a multiple of 4.
    public var encoded: [UInt8] {
        var name = Array(name.utf8)
        if nameIsTerminated { name.append(0) }
        var bytes = [UInt8]()
        bytes.appendLittleEndian(UInt32(name.count))
        bytes.appendLittleEndian(UInt32(descriptor.count))
        bytes.appendLittleEndian(type)
        bytes += name
        bytes.pad(toMultipleOf: 4)
        bytes += descriptor
        bytes.pad(toMultipleOf: 4)
        return bytes
    }

    /// Reads all notes of `bytes`, in their order; zero bytes at the end are padding.
    public static func parse(_ bytes: Span<UInt8>) throws(FormatError) -> [ELFNote] {
        var notes = [ELFNote]()
        var offset = 0
        while offset <= bytes.count - 12 {
            let nameCount = Int(
                try bytes.littleEndian(UInt32.self, at: offset, field: "n_namesz"))
            let count = Int(
                try bytes.littleEndian(UInt32.self, at: offset + 4, field: "n_descsz"))
            let type: UInt32 = try bytes.littleEndian(at: offset + 8, field: "n_type")
            if nameCount == 0, count == 0, type == 0 { break }
            var name = try bytes.bytes(nameCount, at: offset + 12, field: "note name")
            let isTerminated = name.last == 0
            if isTerminated { name.removeLast() }
            let start = offset + 12 + (nameCount + 3) / 4 * 4
            var note = ELFNote(
                name: UntrustedText.escapingInvalidUTF8(name[...]), nameIsTerminated: isTerminated,
                type: type,
                descriptor: try bytes.bytes(count, at: start, field: "note descriptor"))
            note.descriptorOffset = start
            notes.append(note)
            offset = start + (count + 3) / 4 * 4
        }
        return notes
    }
}

extension [UInt8] {
    /// Adds an integer, its least significant byte first.
    package mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    /// Puts an integer at `offset`, its least significant byte first.
    package mutating func setLittleEndian<Value: FixedWidthInteger>(
        _ value: Value, at offset: Int
    ) {
        for index in 0..<(Value.bitWidth / 8) {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> Value(index * 8))
        }
    }

    /// Adds zero bytes up to a multiple of `alignment`.
    package mutating func pad(toMultipleOf alignment: Int) {
        let rest = count % alignment
        if rest != 0 { append(contentsOf: repeatElement(0, count: alignment - rest)) }
    }
}
