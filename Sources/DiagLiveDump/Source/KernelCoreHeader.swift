internal import DiagFormats
internal import DiagModel
internal import DiagSystem

/// What the start of /proc/kcore says: program headers and notes.
///
/// Source: Linux 6.1 fs/proc/kcore.c, `read_kcore`.
struct KernelCoreHeader: Hashable, Sendable {
    /// The most program headers that are read: one for each range of memory that a host has.
    static let headerLimit = 1 << 18
    /// The most bytes of notes that are read.
    static let noteLimit = 1 << 20

    /// `e_machine`.
    var machine: UInt16
    /// The ranges of memory, in the file's order.
    var loads: [ELFProgramHeader]
    /// The notes of all note segments.
    var notes: [ELFNote]

    /// Reads the header of the open file.
    init(reading file: borrowing OwnedDescriptor) throws(LiveDumpError) {
        guard let first = file.readExactly(ELFHeader.byteCount, at: 0) else {
            throw Self.damaged("it has no ELF header")
        }
        do throws(FormatError) {
            let header = try ELFHeader(parsing: first.span)
            guard header.type == ELFHeader.coreType else {
                throw .invalid(field: "e_type", offset: 16, value: UInt64(header.type))
            }
            machine = header.machine
            var count = Int(header.programHeaderCount)
            if header.programHeaderCount == ELFHeader.extendedCount {
                let place = header.sectionHeaderOffset
                guard place != 0, place < 1 << 40,
                    let section = file.readExactly(64, at: place)
                else {
                    throw .truncated(field: "section header 0", offset: 40, needed: 64)
                }
                count = (44..<48).reversed().reduce(0) { $0 << 8 | Int(section[$1]) }
            }
            guard count <= Self.headerLimit else {
                throw .invalid(field: "e_phnum", offset: 56, value: UInt64(count))
            }
            let byteCount = count * ELFProgramHeader.byteCount
            guard header.programHeaderOffset < 1 << 40,
                let table = file.readExactly(byteCount, at: header.programHeaderOffset)
            else {
                throw .truncated(field: "program headers", offset: 32, needed: byteCount)
            }
            loads = []
            notes = []
            for index in 0..<count {
                let entry = try ELFProgramHeader(
                    parsing: table.span, at: index * ELFProgramHeader.byteCount)
                switch entry.kind {
                case .load: loads.append(entry)
                case .note: notes += Self.notes(of: entry, in: file)
                case nil: break
                }
            }
        } catch { throw Self.damaged(error.description) }
    }

    /// Whether a range that both have lies at another place of the file, or none is common.
    ///
    /// Source: Linux 6.1 fs/proc/kcore.c, `read_kcore`: ranges begin behind headers and notes,
    /// whose size is made up anew at each read from the list of ranges, and `open_kcore` renews the
    /// list when memory came or went.
    func isMoved(to now: KernelCoreHeader) -> Bool {
        // Two may begin at one address: the image may lie in a range of its own.
        var offsets = [UInt64: Set<UInt64>]()
        for load in loads { offsets[load.virtualAddress, default: []].insert(load.fileOffset) }
        var common = 0
        for load in now.loads {
            guard let known = offsets[load.virtualAddress] else { continue }
            if !known.contains(load.fileOffset) { return true }
            common += 1
        }
        return common == 0
    }

    /// The descriptor of the first note with that name and type.
    func note(_ name: String, type: UInt32) -> [UInt8]? {
        notes.first { $0.name == name && $0.type == type }?.descriptor
    }

    /// Notes that cannot be read are left out: what they say has other sources.
    private static func notes(
        of entry: ELFProgramHeader, in file: borrowing OwnedDescriptor
    ) -> [ELFNote] {
        guard entry.fileByteCount <= UInt64(noteLimit),
            let bytes = file.readExactly(Int(entry.fileByteCount), at: entry.fileOffset)
        else { return [] }
        return (try? ELFNote.parse(bytes.span)) ?? []
    }

    private static func damaged(_ what: String) -> LiveDumpError {
        LiveDumpError(
            .unsupported, "read /proc/kcore: \(what)",
            remedy: "Let the hypervisor dump the machine: virsh dump --memory-only.")
    }
}
