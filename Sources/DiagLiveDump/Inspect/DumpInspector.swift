internal import DiagFormats
public import DiagModel
public import DiagSystem
public import SystemPackage

/// Tells what a file with the memory of a kernel says of itself.
///
/// Headers, notes, bitmaps and the table of pages are read, in pieces: at most 2 GiB, within 64 MiB
/// of memory, whatever the file claims. The memory itself is not read, with two exceptions: the
/// names of uname(2) in an ELF core file; and in LiME and AVML files, which tell nothing of the
/// kernel, the kernel's VMCOREINFO is looked for, in at most 16 GiB and for at most 20 seconds.
public enum DumpInspector {
    /// Describes the file at `path`, or the one dump in the folder at `path`.
    ///
    /// - Throws: ``DumpInspectionError``, when it cannot be read, is no dump, or is so damaged that
    ///   nothing can be told. A dump that is cut short is described, as a partial one.
    public static func describe(_ path: FilePath) throws(DumpInspectionError) -> DumpDescription {
        let path = try DumpFolder.dump(at: path)
        let name = path.string
        let file: OwnedDescriptor
        do throws(OwnedDescriptor.InputFailure) { file = try OwnedDescriptor.openInput(path) } catch
        {
            throw DumpInspectionError(error, on: name, wanted: "a dump is a regular file")
        }
        var description = try describe(file, name: name)
        description.applyReport(beside: path)
        return description
    }

    /// Describes an open file; `name` stands for it in messages and commands.
    public static func describe(
        _ file: consuming OwnedDescriptor, name: String
    ) throws(DumpInspectionError) -> DumpDescription {
        let dump = try InspectedFile(file, name: name)
        var flattened: (isWhole: Bool, isCut: Bool)?
        var first = try dump.bytes(at: 0, count: WindowsDumpHeader.largestByteCount)
        guard !first.isEmpty else { throw DumpInspectionError(.notADump, "\(name) is empty") }
        if first.starts(with: FlattenedHeader.signature) {
            do throws(FormatError) { _ = try FlattenedHeader(parsing: first.span) } catch {
                throw DumpInspectionError(damaged: name, "flattened dump", error)
            }
            flattened = try dump.unflatten()
            first = try dump.bytes(at: 0, count: WindowsDumpHeader.largestByteCount)
        }
        var description = try describe(dump, first)
        if let flattened {
            description.isFlattened = true
            description.formatName += ", flattened"
            if !flattened.isWhole, !flattened.isCut {
                description.addShortcoming("The flattened stream ends before its end mark.")
            }
            if flattened.isCut {
                description.completeness = .unknown
                description.warnings.append(
                    "Only the first \(FlattenedMap.largestCount) pieces of the stream were looked "
                        + "at; put it in order with makedumpfile -R for a full account.")
            }
        }
        DumpOpening.fill(&description)
        return description
    }

    private static func describe(
        _ dump: InspectedFile, _ first: [UInt8]
    ) throws(DumpInspectionError) -> DumpDescription {
        if first.starts(with: KdumpHeader.signature) { return try KdumpInspection.describe(dump) }
        if first.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            return try ELFInspection(dump, first).describe()
        }
        if LiMEHeader.isHeader(first.span) { return try RangeInspection.describe(dump, first) }
        if WindowsDumpHeader.isHeader(first.span) {
            return try WindowsInspection.describe(dump, first)
        }
        throw DumpInspectionError(.notADump, "\(dump.name) is \(otherKind(first))")
    }

    /// What a file that is no dump seems to be.
    private static func otherKind(_ first: [UInt8]) -> String {
        let known: [([UInt8], String)] = [
            (
                Array("MDMP".utf8),
                "a Windows minidump of a process, not of a kernel: WinDbg opens it"
            ),
            (
                Array("DISKDUMP".utf8),
                "a diskdump file of Linux 2.6 and older, which crash opens; it is not described"
            ),
            (
                [0x28, 0xB5, 0x2F, 0xFD],
                "compressed with zstd as a whole: decompress it first (zstd -d)"
            ),
            ([0x1F, 0x8B], "compressed with gzip as a whole: decompress it first (gzip -d)"),
            (
                [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
                "compressed with xz; take the dump out of a bundle with diagbundle extract"
            ),
        ]
        let kind = known.first { first.starts(with: $0.0) }?.1
        return kind
            ?? "not a memory dump: kdump-compressed, ELF core, flattened, LiME, AVML and Windows "
            + ".dmp files are known"
    }
}
